"""Replays a coding agent's session: ``python -m benchmarks.agent_loop``.

For each turn it prints how many tokens are new in the prompts, how many of them each server
computed by its own count in ``/metrics``, and the time to the first token. ``agent_talk.py`` says
what is sent. By default the model is one with random weights and a long window
(``agent_model.py``), because what is looked at is what is computed, not what is said.
"""

import argparse
import asyncio
import signal
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.agent_model import write_agent_model
from benchmarks.agent_talk import Ask, Talk
from benchmarks.client import stream_message
from benchmarks.coordinator import prefilled
from benchmarks.launchers import Servers, agent_pair
from benchmarks.servers import Server, find_peer, running
from benchmarks.workloads import warm_up
from senryu.engine.llama.embedded import prepare

__all__ = ["SLACK", "Turn", "replay", "summary", "table"]

SLACK = 32
"""Tokens of a prompt that may be computed beside the new ones."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What some requests that were sent at once came to.

    Arguments:
        turn: of the session.
        speakers: whose requests they were.
        prompt: tokens of their prompts.
        new: tokens of these that no earlier prompt of the same conversation had.
        prefilled: tokens that the server computed.
        first_token_s: the longest time until a first token.
    """

    turn: int
    speakers: tuple[str, ...]
    prompt: int
    new: int
    prefilled: int
    first_token_s: float


async def replay(server: Server, talk: Talk) -> list[Turn]:
    """Send a session's requests."""
    turns: list[Turn] = []
    seen: dict[str, int] = {}
    for asks in talk.rounds():
        before = prefilled(server)
        replies = await asyncio.gather(*(stream_message(server.port, ask.body) for ask in asks))
        prompts = [reply.input_tokens for reply in replies]
        turns.append(
            Turn(
                asks[0].turn,
                tuple(ask.speaker for ask in asks),
                sum(prompts),
                sum(_new(ask, tokens, seen) for ask, tokens in zip(asks, prompts, strict=True)),
                prefilled(server) - before,
                max(reply.arrivals[0] - reply.sent for reply in replies),
            )
        )
    return turns


def _new(ask: Ask, tokens: int, seen: dict[str, int]) -> int:
    new = tokens - seen.get(ask.speaker, 0)
    seen[ask.speaker] = tokens
    return new


def table(replays: Mapping[str, Sequence[Turn]]) -> str:
    """A Markdown table, a row for requests that were sent at once."""
    names = list(replays)
    heads = [f"{name}: {what}" for name in names for what in ("prefilled", "first token, s")]
    rows = [
        "| turn | who | prompt tokens | new | " + " | ".join(heads) + " |",
        "| --- | --- | --- | --- |" + " --- | --- |" * len(names),
    ]
    for turns in zip(*replays.values(), strict=True):
        first = turns[0]
        figures = [f"{turn.prefilled:,} | {turn.first_token_s:.3f}" for turn in turns]
        rows.append(
            f"| {first.turn} | {' and '.join(first.speakers)} | {first.prompt:,} | {first.new:,} | "
            + " | ".join(figures)
            + " |"
        )
    return "\n".join(rows)


def summary(replays: Mapping[str, Sequence[Turn]]) -> str:
    """What the table comes to, a line a server."""
    lines: list[str] = []
    for name, turns in replays.items():
        known = turns[1:]
        over = max(turn.prefilled - turn.new for turn in known)
        share = sum(turn.prefilled for turn in known) / sum(turn.prompt for turn in known)
        first = statistics.median(turn.first_token_s for turn in known)
        lines.append(
            f"{name}: after the first turn at most {over:,} tokens beside the new ones (goal"
            f" {SLACK}), {share:.1%} of the prompt tokens computed, first token after"
            f" {first:.3f} s (median)"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Replay on both servers, one after the other, and print the table."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.agent_loop",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--turns", type=int, default=20, help="of the main conversation (default 20)")
    add("--seed", type=int, default=1, help="of all texts")
    add("--model", type=Path, help="a GGUF file (default: one with random weights)")
    add("--threads", type=int, default=2, help="native threads of both servers (default 2)")
    add("--cells", type=int, default=65536, help="tokens of KV memory of both (default 65536)")
    add("--alone", action="store_true", help="Senryu only")
    options = parser.parse_args(arguments)
    replays: dict[str, list[Turn]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = options.model or write_agent_model(folder, prepare())
        peer = None if options.alone else find_peer()
        servers = Servers(model.resolve(), peer, options.threads, ("--metrics",))
        for launcher in agent_pair(servers, options.cells, has_tools=options.model is not None):
            print(launcher.name, file=sys.stderr, flush=True)
            with running(launcher) as server:
                warm_up(server)
                talk = Talk(seed=options.seed, turns=options.turns)
                replays[launcher.name] = asyncio.run(replay(server, talk))
    print(table(replays), summary(replays), sep="\n\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
