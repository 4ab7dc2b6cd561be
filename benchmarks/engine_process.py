"""The engine without a server: how a step's time is spent, and how long a cache lookup takes.

A process of its own, because what it measures would share the interpreter with the suite otherwise.
Run by path, it prints one JSON object: ``python benchmarks/engine_process.py step MODEL THREADS
STEPS`` or ``... lookup ENTRIES``.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp

from senryu.core import Job, Sampling
from senryu.engine.frames import Report, WorkerConfig, encode
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.prefix_cache import RadixCache
from senryu.engine.llama.runner import Runner
from senryu.engine.llama.slots import Slots

__all__ = ["main"]

_STREAMS = 16
_CELLS = 32768
_WARM_UP_STEPS = 8
_MAX_TOKENS = 1800  # more than the steps need, also where a step gives several tokens
_GREEDY = Sampling(temperature=0.0)
_SAMPLED = Sampling(temperature=1.0, top_p=0.95, seed=1)

_PREFIX_TOKENS = 1024
_COMMON_TOKENS = 256  # every entry begins with these, as with one system text
_FEW_ENTRIES = 10
_ROUNDS = 50
_VOCABULARY = 32000


class MeasurementError(Exception):
    """What was to be measured did not happen."""


@dataclass(slots=True)
class _Clock:
    """Seconds spent in functions of the native library."""

    seconds: float = 0.0


def _time_native(clock: _Clock) -> None:
    """Let every function of the native library count its time on the clock."""
    for name in dir(llama_cpp):
        function: Any = getattr(llama_cpp, name)
        if name.startswith("llama_") and callable(function) and not isinstance(function, type):
            setattr(llama_cpp, name, _timed(function, clock))


def _timed(function: Callable[..., Any], clock: _Clock) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            clock.seconds += time.perf_counter() - began

    return call


def _step(runner: Runner) -> int:
    """What the worker's engine thread does for one step; returns how many jobs it moved on.

    The only place that knows how a runner is driven.
    """
    begun = runner.plan()
    if begun:
        encode(Report(begun, runner.status()))
    chunks = runner.compute()
    encode(Report(chunks, runner.status_after(chunks)))
    if any(each.chunk.finish is not None for each in chunks):
        raise MeasurementError("a reply ended before the measurement did")
    return sum(bool(each.chunk.tokens) for each in chunks)


def _prompt(index: int) -> str:
    return (
        f"<|im_start|>user\nWrite a very long and detailed story about number {index} and its"
        " friends, in at least ten chapters.<|im_end|>\n<|im_start|>assistant\n"
    )


def _measure_steps(
    runner: Runner, clock: _Clock, prompts: list[tuple[int, ...]], sampling: Sampling, steps: int
) -> tuple[float, float]:
    """Milliseconds of a step, and the percentage of it spent outside the native library."""
    jobs = [
        Job(f"{sampling.temperature}-{index}", tokens, _MAX_TOKENS, sampling)
        for index, tokens in enumerate(prompts)
    ]
    for job in jobs:
        runner.submit(job)
    while _step(runner) < len(jobs):
        pass
    for _ in range(_WARM_UP_STEPS):
        _step(runner)
    clock.seconds = 0.0
    began = time.perf_counter()
    for _ in range(steps):
        _step(runner)
    wall_s = time.perf_counter() - began
    native_s = clock.seconds
    for job in jobs:
        runner.cancel(job.id)
    return 1000 * wall_s / steps, 100 * (1 - native_s / wall_s)


def _steps(model: Path, threads: int, steps: int) -> dict[str, float]:
    quiet_logs()
    clock = _Clock()
    _time_native(clock)
    config = WorkerConfig(source=str(model), threads=threads, cells=_CELLS)
    loaded = load(model, config)
    loaded.model.end_tokens = lambda: frozenset()  # so that no reply ends while it is measured
    runner = Runner(loaded, config)
    texts = map(_prompt, range(_STREAMS))
    prompts = [tuple(loaded.model.tokenize(text, special=True)) for text in texts]
    step_ms, outside = _measure_steps(runner, clock, prompts, _GREEDY, steps)
    _, sampled = _measure_steps(runner, clock, prompts, _SAMPLED, steps)
    return {"step_ms": step_ms, "step_outside": outside, "step_outside_sampled": sampled}


def _filled(num_entries: int, prefixes: list[list[int]]) -> RadixCache:
    num_cells = num_entries * _PREFIX_TOKENS
    slots = Slots(num_cells, num_entries)
    cache = RadixCache(slots)
    for tokens in prefixes[:num_entries]:
        seq = slots.acquire()
        slots.grow(seq, len(tokens))
        cache.insert("default", tokens, seq)
    return cache


def _lookup_s(cache: RadixCache, tokens: list[int]) -> float:
    began = time.perf_counter()
    hit = cache.lookup("default", tokens)
    elapsed = time.perf_counter() - began
    if hit is None or hit.length < _PREFIX_TOKENS:
        raise MeasurementError("an entry was not found")
    return elapsed


def _lookups(num_entries: int) -> dict[str, float]:
    """Microseconds of a lookup of the same prompts among few and among many entries."""
    source = random.Random(num_entries)
    common = source.choices(range(_VOCABULARY), k=_COMMON_TOKENS)
    own = _PREFIX_TOKENS - _COMMON_TOKENS
    prefixes = [common + source.choices(range(_VOCABULARY), k=own) for _ in range(num_entries)]
    few, many = _filled(_FEW_ENTRIES, prefixes), _filled(num_entries, prefixes)
    prompts = [[*tokens, *range(16)] for tokens in prefixes[:_FEW_ENTRIES]]
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(_ROUNDS):
        for prompt in prompts:
            times[0].append(_lookup_s(few, prompt))
            times[1].append(_lookup_s(many, prompt))
    few_us, many_us = (1e6 * statistics.median(each) for each in times)
    return {"lookup_few": few_us, "lookup_many": many_us, "lookup_growth": many_us / few_us}


def main(arguments: list[str]) -> None:
    """Measure and print."""
    match arguments:
        case ["step", model, threads, steps]:
            figures = _steps(Path(model), int(threads), int(steps))
        case ["lookup", entries]:
            figures = _lookups(int(entries))
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
