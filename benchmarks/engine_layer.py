"""What is measured of the engine alone: a step's time outside native code, lookups in the cache.

The measuring itself is in ``engine_process.py``, in a process of its own.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import SENRYU, Goal, Metric
from benchmarks.workloads import Figures, Sizes, Workload

__all__ = ["Engine", "EngineError", "engine_workloads"]

_PROGRAM = str(Path(__file__).with_name("engine_process.py"))
_TIMEOUT_S = 600
_OUTSIDE_PERCENT = Goal(3.0)
_FLAT = Goal(1.2)  # what two medians of the same lookups differ by on a machine with other work


class EngineError(Exception):
    """The process that measures the engine failed."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The subject: Senryu's engine with a model.

    Arguments:
        model: a GGUF file.
        threads: native threads.
        name: the subject.
    """

    model: Path
    threads: int
    name: str = SENRYU


def engine_workloads(sizes: Sizes) -> list[Workload[Engine]]:
    """Everything that is measured of the engine alone."""
    workloads: list[Workload[Engine]] = []
    if sizes.steps:
        workloads.append(_step_workload(sizes.steps))
    if sizes.entries:
        workloads.append(_lookup_workload(sizes.entries))
    return workloads


def _step_workload(steps: int) -> Workload[Engine]:
    metrics = (
        _metric("step_ms", "a step of 16 greedy streams", "ms"),
        _metric("step_outside", "of it outside native code", "%", goal=_OUTSIDE_PERCENT),
        _metric("step_outside_sampled", "the same for sampled streams", "%"),
    )
    return Workload(
        "engine-step",
        metrics,
        5 + 0.15 * steps,
        lambda engine, _: _measure("step", engine.model, engine.threads, steps),
    )


def _lookup_workload(entries: int) -> Workload[Engine]:
    lookup = "prefix cache lookup of 1,024 tokens"
    metrics = (
        _metric("lookup_few", f"{lookup} among 10 entries", "µs"),
        _metric("lookup_many", f"{lookup} among {entries:,} entries", "µs"),
        _metric("lookup_growth", "the second divided by the first", "×", goal=_FLAT),
    )
    return Workload("engine-lookup", metrics, 3, lambda engine, _: _measure("lookup", entries))


def _metric(name: str, label: str, unit: str, *, goal: Goal | None = None) -> Metric:
    return Metric(name, label, unit, "lower", goal=goal, section="engine")


def _measure(*arguments: object) -> Figures:
    command = [sys.executable, _PROGRAM, *map(str, arguments)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"no answer within {_TIMEOUT_S} s") from error
    if done.returncode:
        raise EngineError(done.stderr[-1000:])
    return json.loads(done.stdout)
