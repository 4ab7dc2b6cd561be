"""What is measured of prompts that share a beginning, on servers that may keep prompts: fan-out to
many requests over one prefix, cold and warm, and the second turn of a conversation.

Requests ask for sharing in no way; a server has to find it. It knows nothing of how servers are
started and of how often a workload is repeated.
"""

import asyncio
from collections.abc import Sequence

from benchmarks.client import stream_message
from benchmarks.figures import Goal, Metric
from benchmarks.prompts import Body, ask, exact_prefix, exact_prompt, go_on
from benchmarks.servers import Server
from benchmarks.workloads import Figures, Sizes, Workload, counting, prefill_s, run_async

__all__ = ["REPLY_TOKENS", "SECOND_QUESTION", "first_tokens_s", "sharing_workloads"]

REPLY_TOKENS = 16
"""Length of the replies here: enough for requests to overlap, as those of agents do."""

SECOND_QUESTION = "Thank you. Please tell me more about the last thing that you said."
"""What the user says in a second turn."""

_COLD_SHARE = Goal(1 / 6, of="ratio")
_COLD_PREFILLS = Goal(1.3)
_WARM_SHARE = Goal(1 / 10, of="ratio")
_WARM_PREFILLS = Goal(0.45)
_CROWD_SHARE = Goal(1 / 8, of="ratio")
_TURN_SHARE = Goal(1.05, of="ratio")
_TURN_OF_COLD = Goal(1 / 15)


def sharing_workloads(sizes: Sizes) -> list[Workload[Server]]:
    """Everything that is measured of shared beginnings."""
    workloads: list[Workload[Server]] = []
    if sizes.prefix:
        workloads.append(_fan_out_workload(sizes.fan_out, sizes.prefix, is_warm=False))
        workloads.append(_fan_out_workload(sizes.fan_out, sizes.prefix, is_warm=True))
    if sizes.crowd_prefix:
        workloads.append(_crowd_workload(sizes.crowd, sizes.crowd_prefix))
    if sizes.conversation:
        workloads.append(_second_turn_workload(sizes.conversation))
    return workloads


async def first_tokens_s(server: Server, bodies: Sequence[Body]) -> float:
    """Seconds from sending the requests, all at once, until each has its first token."""
    replies = await asyncio.gather(*(stream_message(server.port, body) for body in bodies))
    return max(reply.first for reply in replies) - min(reply.sent for reply in replies)


def _questions(prefix: Body, count: int) -> list[Body]:
    return [ask(prefix, index, max_tokens=REPLY_TOKENS) for index in range(count)]


def _fan_out_workload(requests: int, length: int, *, is_warm: bool) -> Workload[Server]:
    kind = "warm" if is_warm else "cold"
    label = f"{requests} requests over a {kind} {length:,}-token prefix, until all have a token"
    metric = Metric(
        f"fan_out_{kind}", label, "s", "lower", goal=_WARM_SHARE if is_warm else _COLD_SHARE
    )
    in_prefills = Metric(
        f"fan_out_{kind}_prefills", "the same in single cold prefills", "×", "lower",
        goal=_WARM_PREFILLS if is_warm else _COLD_PREFILLS,
    )  # fmt: skip

    async def measure(server: Server, repetition: int) -> Figures:
        number = 10_000 * length + 1000 * is_warm + 2 * repetition
        async with counting(server) as count:
            other = await exact_prefix(count, number, length)
            prefix = await exact_prefix(count, number + 1, length)
        alone_s = await first_tokens_s(server, [other])
        if is_warm:
            await stream_message(server.port, ask(prefix, requests, max_tokens=REPLY_TOKENS))
        seconds = await first_tokens_s(server, _questions(prefix, requests))
        return {metric.id: seconds, in_prefills.id: seconds / alone_s}

    return Workload(
        f"fan-out-{kind}",
        (metric, in_prefills),
        (requests / 2 + 1 + is_warm) * prefill_s(length),
        lambda server, repetition: run_async(measure(server, repetition)),
    )


def _crowd_workload(requests: int, length: int) -> Workload[Server]:
    label = f"{requests} requests over a cold {length:,}-token prefix, until all have a token"
    metric = Metric("crowd", label, "s", "lower", goal=_CROWD_SHARE)

    async def measure(server: Server, repetition: int) -> Figures:
        async with counting(server) as count:
            prefix = await exact_prefix(count, 20_000 * length + repetition, length)
        return {metric.id: await first_tokens_s(server, _questions(prefix, requests))}

    return Workload(
        "crowd",
        (metric,),
        requests / 3 * prefill_s(length),
        lambda server, repetition: run_async(measure(server, repetition)),
    )


def _second_turn_workload(length: int) -> Workload[Server]:
    turn = f"second turn of a {length:,}-token conversation"
    metrics = (
        Metric("turn_ttft", f"time to first token, {turn}", "ms", "lower", goal=_TURN_SHARE),
        Metric(
            "turn_of_cold", "the same as a part of the first turn's", "×", "lower",
            goal=_TURN_OF_COLD,
        ),
    )  # fmt: skip

    async def measure(server: Server, repetition: int) -> Figures:
        async with counting(server) as count:
            body = await exact_prompt(count, 30_000 * length + repetition, length)
        first = {**body, "max_tokens": REPLY_TOKENS}
        reply = await stream_message(server.port, first)
        second_s = await first_tokens_s(server, [go_on(first, reply.text, SECOND_QUESTION)])
        return {
            "turn_ttft": 1000 * second_s,
            "turn_of_cold": second_s / (reply.first - reply.sent),
        }

    return Workload(
        "second-turn",
        metrics,
        1.2 * prefill_s(length),
        lambda server, repetition: run_async(measure(server, repetition)),
    )
