"""Whether calls that reach a client can be used: ``python -m benchmarks.tool_validity``.

Requests to call tools are sent through the official SDK, and what arrives is held against the
tools' schemas. Whether the model chose the right tool and the right values is not asked: that is
the model's wits, this is the server's word. The program prints every reply that breaks it; the same
is the workload ``validity`` of the suite.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs

from benchmarks.figures import Goal, Metric
from benchmarks.launchers import Servers, calling_pair
from benchmarks.prompts import Body
from benchmarks.sdk_client import Answer, ask, connected, gather_bounded
from benchmarks.servers import MODEL, Server, find_peer, running
from benchmarks.tool_data import Data, Request, Tool, load_tools
from benchmarks.workloads import Figures, Workload, run_async, warm_up
from senryu.engine.llama.embedded import prepare

__all__ = ["Outcome", "Verdict", "judge", "tally", "tool_body", "validity_workload"]

_AT_ONCE = 8
_MAX_TOKENS = 768
_ALL = Goal(100.0, at_least=True)
_NONE = Goal(0.0)
_SECONDS = 1.2  # a request on two cores

Outcome = Literal["valid", "unparsed", "unsatisfied", "unknown tool", "no call", "error"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply is worth.

    Arguments:
        outcome: ``valid`` if it has calls and all of them can be used; else the first trouble.
        reason: in words.
    """

    outcome: Outcome
    reason: str = ""


def tool_body(request: Request, tools: Mapping[str, Tool], *, temperature: float = 1.0) -> Body:
    """The API request; the temperature is the API's own default."""
    return {
        "model": MODEL,
        "max_tokens": _MAX_TOKENS,
        "extra_body": {"temperature": temperature},  # the SDK's own methods know it no more
        "tools": [
            {
                "name": name,
                "description": tools[name].description,
                "input_schema": tools[name].schema,
            }
            for name in request.tools
        ],
        "tool_choice": {
            "type": request.choice,
            # a small model that may would call on and on
            "disable_parallel_tool_use": request.choice == "any",
        },
        "messages": [{"role": "user", "content": request.text}],
    }


def judge(answer: Answer, offered: Mapping[str, Tool]) -> Verdict:
    """Hold a reply's calls against the tools that were offered.

    Every call counts that the client was told of, one that ``max_tokens`` cut short too. An input
    without any delta is the empty object, as for the SDKs.
    """
    if answer.error:
        return Verdict("error", answer.error)
    if not answer.calls:
        return Verdict("no call", answer.stop_reason)
    for call in answer.calls:
        if call.name not in offered:
            return Verdict("unknown tool", call.name)
        try:
            value: Any = json.loads(call.input or "{}")
        except ValueError as error:
            cut = ", cut by max_tokens" if answer.stop_reason == "max_tokens" else ""
            return Verdict("unparsed", f"{error}{cut}")
        validator = jsonschema_rs.validator_for(offered[call.name].schema, validate_formats=True)
        broken = next(iter(validator.iter_errors(value)), None)
        if broken is not None:
            return Verdict("unsatisfied", f"{'/'.join(map(str, broken.instance_path))}: {broken}")
    return Verdict("valid")


def tally(
    requests: Sequence[Request], answers: Sequence[Answer], verdicts: Sequence[Verdict]
) -> Figures:
    """Shares in percent and counts. Without any calls there is no share of valid ones."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    with_calls = len(verdicts) - counts["no call"] - counts["error"]
    forced = [v for r, v in zip(requests, verdicts, strict=True) if r.choice == "any"]
    usable = sum(verdict.outcome == "valid" for verdict in forced)
    figures: Figures = {
        "calls_with": 100 * with_calls / len(verdicts),
        "calls_forced": 100 * usable / max(1, len(forced)),
        "calls_unparsed": counts["unparsed"],
        "calls_unsatisfied": counts["unsatisfied"] + counts["unknown tool"],
        "calls_errors": counts["error"],
        "calls_leaks": sum(answer.leaks for answer in answers),
    }
    if with_calls:
        figures["calls_valid"] = 100 * counts["valid"] / with_calls
    return figures


async def _measure(
    server: Server, data: Data, requests: Sequence[Request], *, temperature: float
) -> tuple[list[Answer], list[Verdict]]:
    tools = {tool.name: tool for tool in data.tools}
    async with connected(server.port) as client:
        answers = await gather_bounded(
            lambda each: ask(client, tool_body(each, tools, temperature=temperature)),
            requests,
            at_once=_AT_ONCE,
        )
    verdicts = [
        judge(answer, {name: tools[name] for name in request.tools})
        for request, answer in zip(requests, answers, strict=True)
    ]
    return answers, verdicts


_METRICS = (
    Metric("calls_valid", "replies with calls, all of which parse and satisfy their schemas", "%",
           "higher", goal=_ALL, section="promises"),
    Metric("calls_with", "requests answered with a call", "%", "higher", section="promises"),
    Metric("calls_forced", "the same, usable ones, where a call is forced", "%", "higher",
           section="promises"),
    Metric("calls_unparsed", "replies with a call that does not parse", "", "lower",
           section="promises"),
    Metric("calls_unsatisfied", "replies with a call that breaks its schema", "", "lower",
           section="promises"),
    Metric("calls_errors", "requests that failed, streams that broke", "", "lower", goal=_NONE,
           section="promises"),
    Metric("calls_leaks", "markers in the text of these replies", "", "lower", goal=_NONE,
           section="promises"),
    Metric("calls_seconds", "time for all of these requests", "s", "lower", section="promises"),
)  # fmt: skip


def validity_workload(count: int) -> Workload[Server]:
    """The first ``count`` requests; see the module."""
    data = load_tools()
    requests = data.requests[:count]

    def run(server: Server, repetition: int) -> Figures:
        del repetition
        began = time.perf_counter()
        answers, verdicts = run_async(_measure(server, data, requests, temperature=1.0))
        seconds = time.perf_counter() - began
        return {**tally(requests, answers, verdicts), "calls_seconds": seconds}

    return Workload("validity", _METRICS, _SECONDS * count, run, most=1)


def _print_troubles(
    requests: Sequence[Request], answers: Sequence[Answer], verdicts: Sequence[Verdict]
) -> None:
    for number, (request, answer, verdict) in enumerate(
        zip(requests, answers, verdicts, strict=True)
    ):
        if verdict.outcome != "valid":
            calls = " ".join(f"{call.name}({call.input})" for call in answer.calls)
            print(
                f"{number} {request.choice} {verdict.outcome}: {verdict.reason}\n    {calls[:400]}"
            )


def main(arguments: Sequence[str]) -> int:
    """Measure one server after the other and print; returns the exit code."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tool_validity", description=__doc__)
    add = parser.add_argument
    add("--model", type=Path, help="a GGUF file (default: the embedded model)")
    add("--count", type=int, default=200, help="requests (default 200)")
    add("--temperature", type=float, default=1.0, help="of all requests (default 1)")
    add("--threads", type=int, default=2, help="native threads of both servers (default 2)")
    add("--cells", type=int, default=16384, help="tokens of KV memory of both (default 16384)")
    add("--alone", action="store_true", help="Senryu only")
    options = parser.parse_args(arguments)
    model = (options.model or prepare()).resolve()
    servers = Servers(model, None if options.alone else find_peer(), options.threads)
    data = load_tools()
    requests = data.requests[: options.count]
    for launcher in calling_pair(servers, options.cells, has_tools=options.model is not None):
        with running(launcher) as server:
            warm_up(server)
            answers, verdicts = asyncio.run(
                _measure(server, data, requests, temperature=options.temperature)
            )
        print(launcher.name)
        _print_troubles(requests, answers, verdicts)
        for name, value in tally(requests, answers, verdicts).items():
            print(f"{name}: {value:.4g}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
