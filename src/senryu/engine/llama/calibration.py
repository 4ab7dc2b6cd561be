"""How a model runs best on this machine: which options to try, and which of them to choose.

How a measurement is made is the caller's; this module knows no native code, no model and no file.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

from senryu.engine.llama.context_options import KvType
from senryu.engine.llama.speculate import TYPICAL_COSTS, StepCosts

__all__ = [
    "Calibration",
    "Choices",
    "Measure",
    "Options",
    "Timing",
    "Unmeasurable",
    "calibrate",
    "describe",
    "threads_to_try",
]

_Dimension = Literal["threads", "flash_attention", "micro_batch", "kv_type"]

_logger = logging.getLogger(__name__)

_DIMENSIONS: tuple[_Dimension, ...] = ("threads", "flash_attention", "micro_batch", "kv_type")
_BUDGET_S = 5.0
_NUM_TIMINGS = 3  # of what is finally compared
_LEAST_GAIN = 0.05
_BUSY_NOISE = 0.3  # between two measurements of the same: nothing can be concluded then


class Unmeasurable(Exception):
    """Options that the library or the machine does not allow; the message says why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a calibration chooses.

    Arguments:
        threads: native threads.
        micro_batch: tokens computed at a time inside a step.
        flash_attention: whether attention is computed by the fused kernel.
        kv_type: format of cached keys and values.
    """

    threads: int
    micro_batch: int
    flash_attention: bool = True
    kv_type: KvType = "f16"


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be chosen. The first of each is the default; what a user has set stands alone.

    Arguments:
        threads: see ``Options``; so the others.
        micro_batches: see ``threads``.
        flash_attention: see ``threads``.
        kv_types: see ``threads``. Other formats than F16 change what a model says.
    """

    threads: tuple[int, ...]
    micro_batches: tuple[int, ...]
    flash_attention: tuple[bool, ...] = (True, False)
    kv_types: tuple[KvType, ...] = ("f16",)

    @property
    def defaults(self) -> Options:
        """What is used where nothing is measured."""
        return Options(
            self.threads[0], self.micro_batches[0], self.flash_attention[0], self.kv_types[0]
        )

    def variants(self, of: Options, dimension: _Dimension) -> list[Options]:
        """``of`` with every other choice in one dimension."""
        match dimension:
            case "threads":
                variants = [replace(of, threads=count) for count in self.threads]
            case "flash_attention":
                variants = [replace(of, flash_attention=flash) for flash in self.flash_attention]
            case "micro_batch":
                variants = [replace(of, micro_batch=size) for size in self.micro_batches]
            case "kv_type":
                variants = [replace(of, kv_type=kind) for kind in self.kv_types]
        return [options for options in variants if options != of]

    def allow(self, options: Options) -> bool:
        """Whether options can be chosen."""
        return (
            options.threads in self.threads
            and options.micro_batch in self.micro_batches
            and options.flash_attention in self.flash_attention
            and options.kv_type in self.kv_types
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """What options were measured to give.

    Arguments:
        prefill_tokens: length of the prompt that was computed.
        prefill_s: seconds for each token of it.
        crowd_s: seconds of a step in which several sequences decode, each with cells of its own.
        steps: rows and seconds of steps of one sequence, as ``StepCosts`` wants them.
    """

    prefill_tokens: int
    prefill_s: float
    crowd_s: float
    steps: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        rows = [point[0] for point in self.steps]
        seconds = [self.prefill_s, self.crowd_s, *(point[1] for point in self.steps)]
        if len(rows) < 2 or rows[0] != 1 or rows != sorted(set(rows)):
            raise ValueError("steps are not at least two, ascending from one row")
        if not all(0.0 < value < math.inf for value in seconds):
            raise ValueError("a time is not positive")

    @property
    def parts(self) -> tuple[float, float, float]:
        """The times that count, equally: of a prompt, of one stream, of several."""
        return self.prefill_s, self.steps[0][1], self.crowd_s


@dataclass(frozen=True, slots=True)
class Calibration:
    """A choice and what it was measured to give; None where it was not measured."""

    options: Options
    timing: Timing | None = None

    @property
    def step_costs(self) -> StepCosts:
        """What a step costs by its rows, as measured or else as is typical."""
        if self.timing is None:
            return TYPICAL_COSTS
        highest, points = 0.0, list[tuple[int, float]]()
        for rows, seconds in self.timing.steps:
            highest = max(highest, seconds)
            points.append((rows, highest))
        return StepCosts(tuple(points))


Measure = Callable[[Options], Timing]
"""Measures options once; raises ``Unmeasurable``. The first step of each must not count."""


def threads_to_try(default: int, *, physical: int, logical: int, usable: int) -> tuple[int, ...]:
    """Numbers of threads worth trying, the default first.

    Arguments:
        default: what is used without a calibration.
        physical: cores of the machine.
        logical: what the system calls its processors.
        usable: those that this process may use.
    """
    wanted = (default, physical, logical, usable, physical // 2)
    return tuple(dict.fromkeys(max(1, min(count, usable)) for count in wanted))


def describe(calibration: Calibration) -> str:
    """A calibration in a line."""
    options, timing = calibration.options, calibration.timing
    attention = "flash" if options.flash_attention else "plain"
    text = (
        f"{options.threads} threads, micro-batch {options.micro_batch}, {attention} attention,"
        f" {options.kv_type} cache"
    )
    if timing is None:
        return text
    rates = f"{1 / timing.prefill_s:.0f} tokens/s of prompt, {1 / timing.steps[0][1]:.0f} of reply"
    return f"{text}: {rates}"


def calibrate(
    measure: Measure,
    choices: Choices,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration | None:
    """Choose by measuring, one dimension after another.

    Something else than the default is chosen only if the medians of several measurements are
    better by more than the noise, and in no part worse by more than that.

    Arguments:
        measure: measures options.
        choices: what there is.
        budget_s: seconds after which nothing more is begun; the default is measured in any case.
        clock: seconds that pass.

    Returns:
        None where the machine was too busy to conclude anything.

    Raises:
        Unmeasurable: the default options cannot be measured.
    """
    trial = _Trial(measure, budget_s, clock)
    best = choices.defaults
    trial.repeat(best, 2)
    noise = _difference(*trial.timings[best])
    if noise > _BUSY_NOISE:
        return None
    least_gain = max(_LEAST_GAIN, 2 * noise)
    for dimension in _DIMENSIONS:
        for options in choices.variants(best, dimension):
            if trial.distinct(options, best) and trial.wins(options, best, least_gain):
                best = options
    return Calibration(best, trial.result(best))


class _Trial:
    """Measurements under a budget of time."""

    def __init__(self, measure: Measure, budget_s: float, clock: Callable[[], float]) -> None:
        self._measure = measure
        self._clock = clock
        self._end = clock() + budget_s
        self._longest = 0.0
        self.timings: dict[Options, list[Timing]] = {}

    def repeat(self, options: Options, count: int) -> None:
        """Measure until there are ``count`` timings."""
        timings = self.timings.setdefault(options, [])
        while len(timings) < count:
            began = self._clock()
            timings.append(self._measure(options))
            self._longest = max(self._longest, self._clock() - began)

    def distinct(self, options: Options, over: Options) -> bool:
        """Whether a measurement can tell them apart: both may hold all that is computed."""
        prompt = self.timings[over][0].prefill_tokens
        same_size = options.micro_batch == over.micro_batch
        return same_size or min(options.micro_batch, over.micro_batch) < prompt

    def wins(self, options: Options, over: Options, least_gain: float) -> bool:
        """Whether options prove better; most are dropped after one measurement."""
        try:
            for count in (1, _NUM_TIMINGS):
                if not self._affords(options, over, count):
                    return False
                self.repeat(options, count)
                if not _is_better(self.result(options), self.result(over), least_gain):
                    return False
                self.repeat(over, count)
        except Unmeasurable as error:
            _logger.info("%s cannot be used: %s", describe(Calibration(options)), error)
            return False
        return _is_better(self.result(options), self.result(over), least_gain)

    def result(self, options: Options) -> Timing:
        """The medians of what was measured."""
        timings = self.timings[options]
        steps = zip(*(timing.steps for timing in timings), strict=True)
        return Timing(
            timings[0].prefill_tokens,
            median(timing.prefill_s for timing in timings),
            median(timing.crowd_s for timing in timings),
            tuple((points[0][0], median(point[1] for point in points)) for points in steps),
        )

    def _affords(self, options: Options, over: Options, count: int) -> bool:
        missing = sum(max(0, count - len(self.timings.get(item, ()))) for item in (options, over))
        return self._clock() + missing * self._longest <= self._end


def _is_better(new: Timing, old: Timing, least_gain: float) -> bool:
    ratios = [after / before for after, before in zip(new.parts, old.parts, strict=True)]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    return mean < 1.0 - least_gain and max(ratios) < 1.0 + least_gain


def _difference(first: Timing, second: Timing) -> float:
    """How much two measurements of the same differ, as a share, in the mean of their parts."""
    ratios = zip(first.parts, second.parts, strict=True)
    return math.exp(sum(abs(math.log(one / other)) for one, other in ratios) / 3) - 1.0
