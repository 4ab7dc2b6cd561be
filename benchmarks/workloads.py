"""What is measured on a server with a model: start-up, memory, prefill, decoding, stalls.

Every workload is one function from a server to figures by metric; the same code drives all servers,
over ``POST /v1/messages``. It knows nothing of repetitions and tables.
"""

import asyncio
import gc
import itertools
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from benchmarks.client import BadAnswerError, Reply, connect, stream_message
from benchmarks.figures import SENRYU, Goal, Metric, percentile
from benchmarks.prompts import Body, Count, exact_prompt, story_prompt, to_bytes
from benchmarks.servers import Launcher, Server, running

__all__ = [
    "Figures",
    "Sizes",
    "Workload",
    "counting",
    "gaps",
    "prefill_s",
    "run_async",
    "serving_workloads",
    "startup_workload",
    "steady_rate",
    "warm_up",
]

Figures = dict[str, float]
"""Values by metric id; a value without a metric only goes into the raw data."""

Subject = TypeVar("Subject")
Result = TypeVar("Result")

_PEER_SHARE = Goal(0.95, of="ratio", at_least=True)
_PEER_DECODE = Goal(1.0, of="ratio", at_least=True)
_API_MEMORY = Goal(150.0)
_GAP_STREAMS = 8  # gaps between tokens are taken at this many streams
_LEAD_TOKENS = 16  # a stream has so many before another request disturbs it
_TIMEOUT_S = 3600.0  # the longest, thinking with the largest budget, takes twenty minutes
_WARM_UP_NUMBER = 999_000


@dataclass(frozen=True, slots=True)
class Workload(Generic[Subject]):
    """One thing to measure.

    Arguments:
        name: for ``--only``.
        metrics: what it gives.
        seconds: roughly how long one run takes on two cores.
        run: measures one subject in one repetition.
        most: repetitions at most, where one already takes long and has many samples; None for no
            such bound.
    """

    name: str
    metrics: tuple[Metric, ...]
    seconds: float
    run: Callable[[Subject, int], Figures]
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; lengths in tokens.

    Arguments:
        prompts: prompt lengths for the time to first token.
        bursts: how many prompts of the first length arrive at once.
        streams: how many replies are generated at once.
        reply: length of each of these.
        stall: length of the prompt that disturbs a running stream, 0 to leave it out.
        fan_out: requests over one prefix.
        prefix: length of that prefix, 0 to leave these workloads out.
        crowd: more requests over one prefix than the other server has slots.
        crowd_prefix: length of that prefix, 0 to leave it out.
        conversation: length of a first turn that a second one follows, 0 to leave it out.
        restart: the same with a restart between the turns.
        edits: how many of the chosen edits are made, 0 to leave them out.
        steps: of the engine alone, 0 to leave it out.
        entries: in the prefix cache whose lookups are timed, besides ten, 0 to leave it out.
        calls: how many requests to call tools are made, 0 to leave them out.
        constrained: length of each reply of which some must satisfy a schema, 0 to leave it out.
        budgets: of thinking.
        questions: asked with each of them, 0 to leave them out.
    """

    prompts: tuple[int, ...] = (512, 4096)
    bursts: tuple[int, ...] = (4, 16)
    streams: tuple[int, ...] = (1, 4, 8, 16)
    reply: int = 128
    stall: int = 4096
    fan_out: int = 8
    prefix: int = 1024
    crowd: int = 32
    crowd_prefix: int = 2048
    conversation: int = 4096
    restart: int = 4096
    edits: int = 8
    steps: int = 96
    entries: int = 1000
    calls: int = 200
    constrained: int = 256
    budgets: tuple[int, ...] = (1024, 2048, 4096)
    questions: int = 50


def startup_workload() -> Workload[Launcher]:
    """Start-up time and memory of a server that runs alone."""
    metrics = (
        Metric("ready", "start-up, process to ready", "s", "lower"),
        Metric("first_reply", "start-up, process to first token of a first request", "s", "lower"),
        Metric("memory", "resident memory, all processes, after one request", "MB", "lower"),
        Metric(
            "memory_api", "resident memory, API process alone, idle", "MB", "lower",
            goal=_API_MEMORY,
        ),
    )  # fmt: skip
    return Workload("startup", metrics, 3, _startup)


def serving_workloads(sizes: Sizes) -> list[Workload[Server]]:
    """Everything that is measured on running servers."""
    return [
        *(_prefill_workload(length) for length in sizes.prompts),
        *(_burst_workload(burst, sizes.prompts[0]) for burst in sizes.bursts),
        *(
            _decode_workload(streams, sizes.reply, is_last=streams == max(sizes.streams))
            for streams in sizes.streams
        ),
        *([_stall_workload(sizes.stall)] if sizes.stall else []),
    ]


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a measurement to its end, without collecting garbage meanwhile.

    Raises:
        TimeoutError: it takes longer than an hour.
    """
    gc.collect()
    gc.disable()
    try:
        return asyncio.run(_limited(work))
    finally:
        gc.enable()


def _synchronous(
    measure: Callable[[Server, int], Coroutine[Any, Any, Figures]],
) -> Callable[[Server, int], Figures]:
    return lambda server, repetition: run_async(measure(server, repetition))


async def _limited(work: Coroutine[Any, Any, Result]) -> Result:
    async with asyncio.timeout(_TIMEOUT_S):
        return await work


def warm_up(server: Server) -> None:
    """Two short requests, so that nothing measured later is a first time."""
    for number in range(_WARM_UP_NUMBER, _WARM_UP_NUMBER + 2):
        run_async(_short_reply(server, number))


async def _short_reply(server: Server, number: int) -> Figures:
    reply = await stream_message(server.port, story_prompt(number, max_tokens=16))
    return {"first_reply": reply.first - server.started}


def _startup(launcher: Launcher, repetition: int) -> Figures:
    with running(launcher) as server:
        figures = run_async(_short_reply(server, repetition))
        figures["ready"] = server.ready_s
        figures["memory"] = server.memory_mb(tree=True)
        if server.name == SENRYU:
            figures["memory_api"] = server.memory_mb(tree=False)
    return figures


@asynccontextmanager
async def counting(server: Server) -> AsyncGenerator[Count]:
    """A function that asks the server for the length of a prompt, over one connection."""
    async with connect(server.port) as connection:

        async def count(body: Body) -> int:
            answer = await connection.post("/v1/messages/count_tokens", to_bytes(body))
            return int(json.loads(answer)["input_tokens"])

        yield count


async def _exact(server: Server, number: int, length: int) -> Body:
    async with counting(server) as count:
        return await exact_prompt(count, number, length)


def prefill_s(length: int) -> float:
    """Roughly how long a prompt takes a 135M model on two cores; attention is quadratic."""
    return length / 800 + (length / 1400) ** 2


def _prefill_workload(length: int) -> Workload[Server]:
    metrics = (
        Metric(f"ttft_{length}", f"time to first token, {length:,}-token prompt", "ms", "lower"),
        Metric(
            f"prefill_{length}", f"prefill, {length:,}-token prompt", "tokens/s", "higher",
            goal=_PEER_SHARE,
        ),
    )  # fmt: skip

    async def measure(server: Server, repetition: int) -> Figures:
        reply = await stream_message(
            server.port, await _exact(server, 1000 * length + repetition, length)
        )
        seconds = reply.first - reply.sent
        return {
            f"ttft_{length}": 1000 * seconds,
            f"prefill_{length}": reply.input_tokens / seconds,
            f"prefill_{length}_input_tokens": reply.input_tokens,
        }

    return Workload(f"prefill-{length}", metrics, prefill_s(length), _synchronous(measure))


def _burst_workload(burst: int, length: int) -> Workload[Server]:
    label = f"prefill, {burst} prompts of {length:,} tokens at once"
    metric = Metric(f"burst_{burst}", label, "tokens/s", "higher", goal=_PEER_SHARE)

    async def measure(server: Server, repetition: int) -> Figures:
        first_number = 1000 * (length + burst) + 100 * repetition
        numbers = range(first_number, first_number + burst)
        bodies = [await _exact(server, number, length) for number in numbers]
        replies = await asyncio.gather(*(stream_message(server.port, body) for body in bodies))
        seconds = max(r.first for r in replies) - min(r.sent for r in replies)
        return {metric.id: sum(r.input_tokens for r in replies) / seconds}

    name = f"burst-{burst}"
    return Workload(name, (metric,), burst * prefill_s(length), _synchronous(measure))


def _decode_workload(streams: int, length: int, *, is_last: bool) -> Workload[Server]:
    plural = "stream" if streams == 1 else "streams"
    label = f"decode, {streams} {plural}, all together"
    metrics = [Metric(f"decode_{streams}", label, "tokens/s", "higher", goal=_PEER_DECODE)]
    if streams == _GAP_STREAMS:
        gap = f"gap between tokens, {streams} streams"
        metrics += [
            Metric("gap_p50", f"{gap}, p50", "ms", "lower"),
            Metric("gap_p99", f"{gap}, p99", "ms", "lower"),
        ]
    if is_last:
        whole = f"{streams} short requests at once, sent to last byte"
        loaded = f"resident memory, all processes, after {streams} streams"
        metrics += [
            Metric("whole", whole, "tokens/s", "higher"),
            Metric("memory_loaded", loaded, "MB", "lower"),
        ]
    ids = {metric.id for metric in metrics}

    async def measure(server: Server, repetition: int) -> Figures:
        numbers = (16 * (100 * streams + repetition) + index for index in range(streams))
        bodies = [story_prompt(number, max_tokens=length) for number in numbers]
        replies = await asyncio.gather(*(stream_message(server.port, body) for body in bodies))
        num_tokens = sum(reply.output_tokens for reply in replies)
        all_gaps = [1000 * gap for reply in replies for gap in gaps(reply, *_steady(replies))]
        elapsed = max(r.ended for r in replies) - min(r.sent for r in replies)
        figures = {
            f"decode_{streams}": steady_rate(replies),
            "gap_p50": percentile(all_gaps, 0.5),
            "gap_p99": percentile(all_gaps, 0.99),
            "whole": num_tokens / elapsed,
            "memory_loaded": server.memory_mb(tree=True),
        }
        chosen = {name: value for name, value in figures.items() if name in ids}
        return {**chosen, f"decode_{streams}_output_tokens": num_tokens}

    seconds = 0.4 + length * (0.005 + 0.0033 * streams)
    name = f"decode-{streams}"
    return Workload(name, tuple(metrics), seconds, _synchronous(measure))


def _steady(replies: Sequence[Reply]) -> tuple[float, float]:
    """From the moment on that all replies have begun until the first of them ends."""
    begin = max(reply.first for reply in replies)
    end = min(reply.arrivals[-1] for reply in replies)
    if end <= begin:
        raise BadAnswerError("the streams did not overlap, so there is nothing to measure")
    return begin, end


def steady_rate(replies: Sequence[Reply]) -> float:
    """Tokens a second of all replies together while all of them were running.

    An event may carry several tokens: each counts for the reply's tokens divided by its events.
    """
    begin, end = _steady(replies)
    num_tokens = 0.0
    for reply in replies:
        num_events = sum(begin < arrival <= end for arrival in reply.arrivals)
        num_tokens += num_events * reply.output_tokens / len(reply.arrivals)
    return num_tokens / (end - begin)


def gaps(reply: Reply, begin: float, end: float) -> list[float]:
    """Seconds between arrivals that follow one another, as far as they touch the interval."""
    return [
        after - before
        for before, after in itertools.pairwise(reply.arrivals)
        if after > begin and before < end
    ]


def _stall_workload(length: int) -> Workload[Server]:
    label = f"longest gap in a stream while a {length:,}-token prompt arrives"
    price = f"time to first token of that {length:,}-token prompt"
    metrics = (
        Metric("stall", label, "ms", "lower"),
        Metric("stall_ttft", price, "ms", "lower"),
    )

    async def measure(server: Server, repetition: int) -> Figures:
        long_prompt = await _exact(server, 2000 * length + repetition, length)
        running_reply = Reply(0.0)
        body = story_prompt(500_000 + repetition, max_tokens=1024)
        stream = asyncio.create_task(stream_message(server.port, body, running_reply))
        try:
            await _until(running_reply, _LEAD_TOKENS, stream)
            disturbing = await stream_message(server.port, long_prompt)
            await _until(running_reply, len(running_reply.arrivals) + 1, stream)
        finally:
            stream.cancel()
            await asyncio.gather(stream, return_exceptions=True)
        disturbed = gaps(running_reply, disturbing.sent, disturbing.first)
        return {
            "stall": 1000 * max(disturbed),
            "stall_ttft": 1000 * (disturbing.first - disturbing.sent),
        }

    return Workload("stall", metrics, 1.5 * prefill_s(length), _synchronous(measure))


async def _until(reply: Reply, num_arrivals: int, stream: asyncio.Task[Reply]) -> None:
    while len(reply.arrivals) < num_arrivals:
        if stream.done():
            stream.result()
            raise BadAnswerError("the disturbed stream ended before the disturbance")
        await asyncio.sleep(0.002)
