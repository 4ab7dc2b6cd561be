"""Replays a coordinator with sub-agents: ``python -m benchmarks.coordinator``.

A coordinator's conversation grows over the turns. In each turn it writes a brief, then its
sub-agents start anew, all at once: each has the same long system text and the brief in front of
its own task, and works a few steps, its history growing by its replies and by what its tools
answer. Their last words go back to the coordinator. What users, tools and tasks say is made from
a seed; what the model says is its own greedy reply. Nothing in the requests asks for caching.

It prints, for Senryu and for llama.cpp's own server, how many prompt tokens were requested and how
many of them the server computed, by the server's own count in ``/metrics``. Seconds are printed
too, but one run says little about them.
"""

import argparse
import asyncio
import random
import re
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from benchmarks.client import stream_message
from benchmarks.launchers import Servers, sharing_pair
from benchmarks.prompts import Body, go_on, plain_body, words
from benchmarks.servers import Launcher, Server, find_peer, running
from benchmarks.workloads import warm_up
from senryu.engine.llama.embedded import prepare

__all__ = ["Script", "Session", "Tally", "metric_sum", "prefilled", "table"]

_PREFILLED = (
    "senryu_engine_prefilled_tokens_total",
    "llamacpp:prompt_tokens_total",
)
_BRIEF_TOKENS = 48
_REPLY_TOKENS = 16


@dataclass(frozen=True, slots=True)
class Script:
    """What is replayed; lengths in words, each about a token.

    Arguments:
        seed: of all texts that the model does not write.
        turns: of the coordinator.
        agents: started in each turn.
        steps: requests of an agent in a turn.
        system: length of the system text that all agents have.
        brief: length of what the coordinator's user wants in a turn, with which its brief begins.
        task: length of an agent's own task.
        tool: length of what a tool answers between two steps.
    """

    seed: int = 1
    turns: int = 20
    agents: int = 8
    steps: int = 2
    system: int = 1024
    brief: int = 96
    task: int = 24
    tool: int = 96


@dataclass(slots=True)
class Tally:
    """What a replay came to.

    Arguments:
        requests: sent.
        requested: tokens of their prompts.
        prefilled: tokens of them that the server computed.
        seconds: from the first request to the last reply.
    """

    requests: int = 0
    requested: int = 0
    prefilled: int = 0
    seconds: float = 0.0


class Session:
    """One replay on one server.

    Arguments:
        server: that runs, with its prompt cache.
        script: what to replay.
    """

    def __init__(self, server: Server, script: Script) -> None:
        self._server = server
        self._script = script
        self._random = random.Random(script.seed)
        self.tally = Tally()

    async def replay(self) -> None:
        """Send all requests of all turns."""
        script = self._script
        agent_system = f"You are a careful assistant. {words(self._random, script.system)}."
        wish = self._wish()
        coordinator = plain_body(
            wish, max_tokens=_BRIEF_TOKENS, system="You lead a group of assistants."
        )
        for turn in range(script.turns):
            plan = await self._reply(coordinator)
            brief = f"{wish}\n\n{plan}"
            tasks = [f"Task {i}: {words(self._random, script.task)}." for i in range(script.agents)]
            tools = [
                [words(self._random, script.tool) for _ in range(1, script.steps)] for _ in tasks
            ]
            agents = [
                plain_body(f"{brief}\n\n{task}", max_tokens=_REPLY_TOKENS, system=agent_system)
                for task in tasks
            ]
            results = await asyncio.gather(*map(self._work, agents, tools))
            print(f"  turn {turn + 1} of {script.turns}", file=sys.stderr, flush=True)
            wish = self._wish()
            report = "\n".join(f"Assistant {i}: {text}" for i, text in enumerate(results))
            coordinator = go_on(coordinator, plan, f"{report}\n\n{wish}")

    def _wish(self) -> str:
        return f"Make a plan for this: {words(self._random, self._script.brief)}."

    async def _work(self, body: Body, tools: Sequence[str]) -> str:
        """An agent's steps in one turn; returns its last words."""
        text = await self._reply(body)
        for answer in tools:
            body = go_on(body, text, f"The tool says: {answer}.")
            text = await self._reply(body)
        return text

    async def _reply(self, body: Body) -> str:
        reply = await stream_message(self._server.port, body)
        self.tally.requests += 1
        self.tally.requested += reply.input_tokens
        return reply.text if reply.text.strip() else "Yes."  # an empty turn is refused


def metric_sum(exposition: str, names: Sequence[str]) -> int:
    """The sum of all samples with one of the names in Prometheus' text format.

    Raises:
        ValueError: there is none.
    """
    values = [
        float(value)
        for name, value in re.findall(r"^([\w:]+)(?:\{[^}]*\})? (\S+)$", exposition, re.MULTILINE)
        if name in names
    ]
    if not values:
        raise ValueError(f"no sample of {' or '.join(names)} in the metrics")
    return round(sum(values))


def prefilled(server: Server) -> int:
    """Prompt tokens that the server has computed so far, by its own count."""
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as answer:
        return metric_sum(answer.read().decode(), _PREFILLED)


def _measure(launcher: Launcher, script: Script) -> Tally:
    with running(launcher) as server:
        warm_up(server)
        session = Session(server, script)
        before, began = prefilled(server), time.perf_counter()
        asyncio.run(session.replay())
        session.tally.seconds = time.perf_counter() - began
        session.tally.prefilled = prefilled(server) - before
    return session.tally


def table(tallies: Mapping[str, Tally]) -> str:
    """A Markdown table, a row a server."""
    rows = [
        "| server | requests | prompt tokens requested | prefilled | share | seconds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, tally in tallies.items():
        share = tally.prefilled / max(1, tally.requested)
        rows.append(
            f"| {name} | {tally.requests:,} | {tally.requested:,} | {tally.prefilled:,}"
            f" | {share:.1%} | {tally.seconds:.0f} |"
        )
    return "\n".join(rows)


def main(arguments: Sequence[str]) -> int:
    """Replay on both servers, one after the other, and print the table."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.coordinator",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--turns", type=int, default=20, help="of the coordinator, up to 22 (default 20)")
    add("--agents", type=int, default=8, help="started in each turn (default 8)")
    add("--steps", type=int, default=2, help="requests of an agent in a turn (default 2)")
    add("--seed", type=int, default=1, help="of all texts that the model does not write")
    add("--model", type=Path, help="a GGUF file (default: the embedded model)")
    add("--threads", type=int, default=2, help="native threads of both servers (default 2)")
    add("--cells", type=int, default=131072, help="tokens of KV memory of both (default 131072)")
    options = parser.parse_args(arguments)
    script = Script(
        seed=options.seed, turns=options.turns, agents=options.agents, steps=options.steps
    )
    model = (options.model or prepare()).resolve()
    servers = Servers(model, find_peer(), options.threads, ("--metrics",))
    tallies: dict[str, Tally] = {}
    for launcher in sharing_pair(servers, options.cells):
        print(launcher.name, file=sys.stderr, flush=True)
        tallies[launcher.name] = _measure(launcher, script)
    print(table(tallies))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
