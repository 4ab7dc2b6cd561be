"""What is measured of prompts that outlive the process: a second turn after a restart of Senryu.

It knows nothing of the format of what is kept, only that a folder holds it.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace

from benchmarks.client import Reply, stream_message
from benchmarks.figures import Goal, Metric
from benchmarks.prompts import Body, exact_prefix, go_on, keep
from benchmarks.servers import Launcher, Server, running
from benchmarks.sharing import REPLY_TOKENS, SECOND_QUESTION
from benchmarks.workloads import Figures, Workload, counting, prefill_s, run_async, warm_up

__all__ = ["restart_workload"]

_OF_COLD = Goal(1 / 5)
_FOLDER_VARIABLE = "SENRYU_CACHE_DIR"


def restart_workload(length: int) -> Workload[Launcher]:
    """The first turn on one server, the second on the next one that has the same folder.

    Arguments:
        length: tokens of the first turn's prompt, nearly all of them in a system text that the
            request wants to be kept for an hour.
    """
    turn = f"second turn of a {length:,}-token conversation, after a restart"
    metrics = (
        Metric("restart_ttft", f"time to first token, {turn}", "ms", "lower"),
        Metric(
            "restart_of_cold", "the same as a part of the first turn's", "×", "lower", goal=_OF_COLD
        ),
        Metric("restart_read", "tokens that it reported as read from the cache", "", "higher"),
    )
    return Workload("restart", metrics, prefill_s(length) + 5, _measured(length))


def _measured(length: int) -> Callable[[Launcher, int], Figures]:
    return lambda launcher, repetition: _measure(launcher, 40_000 * length + repetition, length)


def _measure(launcher: Launcher, number: int, length: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="senryu-bench-") as folder:
        lasting = replace(launcher, environment={_FOLDER_VARIABLE: folder})
        with running(lasting) as server:
            warm_up(server)
            body = run_async(_first_body(server, number, length))
            first = run_async(_send(server, body))
        with running(lasting) as server:
            warm_up(server)
            second = run_async(_send(server, go_on(body, first.text, SECOND_QUESTION)))
    seconds = second.first - second.sent
    return {
        "restart_ttft": 1000 * seconds,
        "restart_of_cold": seconds / (first.first - first.sent),
        "restart_read": second.read_tokens,
    }


async def _first_body(server: Server, number: int, length: int) -> Body:
    async with counting(server) as count:
        body = await exact_prefix(count, number, length)
    return keep({**body, "max_tokens": REPLY_TOKENS})


async def _send(server: Server, body: Body) -> Reply:
    return await stream_message(server.port, body)
