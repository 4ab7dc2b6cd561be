"""What is measured of the API layer alone, without a model: latency, request rate, event rate.

The servers are in ``api_server.py``, in processes of their own; the client is this process.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from benchmarks.client import connect
from benchmarks.figures import SENRYU, Goal, Metric, percentile
from benchmarks.report import CONSTANT
from benchmarks.servers import Launcher, Server
from benchmarks.workloads import Figures, Workload, run_async

__all__ = ["constant_launcher", "layer_workloads", "scripted_launcher"]

_PROGRAM = str(Path(__file__).with_name("api_server.py"))
_CONNECTIONS = 16
_ADDED_MS = Goal(2.0, of="difference")
_EVENT_RATE = Goal(10_000, at_least=True)


def scripted_launcher() -> Launcher:
    """Senryu's API on the scripted engine."""
    return Launcher(SENRYU, (sys.executable, _PROGRAM, "scripted", "{port}"), "/ready")


def constant_launcher() -> Launcher:
    """An app on the same HTTP server that always answers the same bytes."""
    return Launcher(CONSTANT, (sys.executable, _PROGRAM, "constant", "{port}"), "/ready")


def layer_workloads(num_requests: int) -> list[Workload[Server]]:
    """Everything that is measured without a model.

    Arguments:
        num_requests: sent one after another in one measurement; the others follow from it.
    """
    seconds = num_requests / 1000
    return [
        Workload(
            "api-latency",
            (
                _layer("api_p50", "one request after another, p50", "ms", goal=_ADDED_MS),
                _layer("api_p99", "one request after another, p99", "ms"),
            ),
            seconds,
            lambda server, _: run_async(_latency(server, num_requests)),
        ),
        Workload(
            "api-rate",
            (_rate("api_rate", f"requests, {_CONNECTIONS} connections", "requests/s"),),
            2.5 * seconds,
            lambda server, _: run_async(_request_rate(server, 4 * num_requests)),
        ),
        Workload(
            "api-events",
            (
                _rate(
                    "events_cpu", "stream events per second of processor time", "events/s",
                    goal=_EVENT_RATE,
                ),
                _rate("events_wall", f"stream events, {_CONNECTIONS} streams", "events/s"),
            ),
            4 * seconds,
            lambda server, _: run_async(_event_rate(server, max(1, num_requests // 100))),
        ),
    ]  # fmt: skip


def _layer(name: str, label: str, unit: str, *, goal: Goal | None = None) -> Metric:
    return Metric(
        name, label, unit, "lower", comparison="difference", goal=goal, section="api layer"
    )


def _rate(name: str, label: str, unit: str, *, goal: Goal | None = None) -> Metric:
    return Metric(name, label, unit, "higher", goal=goal, section="api layer")


def _body(model: str, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": "Please say hello to everybody who is here."}]
    return json.dumps(
        {"model": model, "max_tokens": 3000, "messages": messages, "stream": stream}
    ).encode()


async def _latency(server: Server, num_requests: int) -> Figures:
    body = _body("short", stream=False)
    times: list[float] = []
    async with connect(server.port) as connection:
        for _ in range(num_requests + num_requests // 10):
            began = time.perf_counter()
            await connection.post("/v1/messages", body)
            times.append(1000 * (time.perf_counter() - began))
    warm = times[num_requests // 10 :]
    return {"api_p50": percentile(warm, 0.5), "api_p99": percentile(warm, 0.99)}


async def _request_rate(server: Server, num_requests: int) -> Figures:
    body = _body("short", stream=False)
    num_each = num_requests // _CONNECTIONS

    async def send() -> None:
        async with connect(server.port) as connection:
            for _ in range(num_each):
                await connection.post("/v1/messages", body)

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(_CONNECTIONS)))
    return {"api_rate": num_each * _CONNECTIONS / (time.perf_counter() - began)}


async def _event_rate(server: Server, num_each: int) -> Figures:
    if server.name != SENRYU:
        return {}
    body = _body("long", stream=True)

    async def read() -> int:
        num_events = 0
        async with connect(server.port) as connection:
            for _ in range(num_each):
                # Counted without being parsed: the client must not be what limits the rate.
                parts = [part async for part in connection.stream("/v1/messages", body)]
                num_events += b"".join(parts).count(b"event: ")
        return num_events

    cpu_s, began = server.cpu_s(), time.perf_counter()
    num_events = sum(await asyncio.gather(*(read() for _ in range(_CONNECTIONS))))
    wall_s = time.perf_counter() - began
    return {
        "events_cpu": num_events / (server.cpu_s() - cpu_s),
        "events_wall": num_events / wall_s,
    }
