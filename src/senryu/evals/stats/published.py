"""Whether a published percentage can come from so many items and runs.

A share of N trials is a whole number over N, and most percentages are near none. So a figure can
tell that it rests on another number of questions, of runs or another mean than its source says. All
arithmetic is exact. A figure that lies just between two roundings may have come from either.
"""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

__all__ = ["can_be_mean", "counts_giving", "nearest_count"]

_MAX_STEPS = 10**11  # bits that are looked through: some seconds


def counts_giving(figure: str, num_trials: int) -> range:
    """The numbers of successes whose percentage of ``num_trials`` rounds to ``figure``.

    The mean of runs of one size is such a share too: of items times runs.

    Arguments:
        figure: a percentage as published, such as ``"63.6"``; its decimals tell how it was rounded.
        num_trials: how many trials it rests on.

    Returns:
        The counts, empty where the figure cannot come from so many trials.

    Raises:
        ValueError: ``figure`` is no number within 0 and 100, or there are no trials.
    """
    low, high = _bounds(figure)
    _check_size(num_trials)
    return range(
        max(0, math.ceil(low * num_trials)), min(num_trials, math.floor(high * num_trials)) + 1
    )


def nearest_count(figure: str, num_trials: int) -> int:
    """The number of successes whose percentage of ``num_trials`` comes nearest to ``figure``.

    Raises:
        ValueError: as ``counts_giving``.
    """
    low, high = _bounds(figure)
    _check_size(num_trials)
    return min(num_trials, max(0, round((low + high) / 2 * num_trials)))


def can_be_mean(figure: str, sizes: Sequence[int], *, places: int | None = None) -> bool:
    """Whether ``figure`` can be the plain mean of one percentage of each size.

    For means of runs and of arms whose parts differ in size, or were rounded before they were
    averaged.

    Arguments:
        figure: a percentage as published.
        sizes: the number of trials of each part; every part counts alike.
        places: to how many decimals the parts' percentages were rounded; None if they were not.

    Raises:
        ValueError: as ``counts_giving``, or the sizes are so large, or have so little in common,
            that looking through their sums would take too long.
    """
    low, high = _bounds(figure)
    if not sizes:
        raise ValueError("a mean needs at least one part")
    for size in sizes:
        _check_size(size)
    unit = math.lcm(*sizes) if places is None else 100 * 10**places
    if unit * len(sizes) * sum(sizes) > _MAX_STEPS:
        raise ValueError("the parts are too large, or have too little in common")
    # Bit n of a number stands for the sum n / unit of the parts so far.
    sums = 1
    for size in sizes:
        values = range(0, unit + 1, unit // size) if places is None else _rounded_shares(size, unit)
        sums = _added(sums, values)
    scale = unit * len(sizes)
    first, last = max(0, math.ceil(low * scale)), min(scale, math.floor(high * scale))
    return first <= last and bool(sums >> first & ((1 << (last - first + 1)) - 1))


def _bounds(figure: str) -> tuple[Fraction, Fraction]:
    """The shares that round to a percentage, both ends among them."""
    try:
        value = Decimal(figure)
    except ArithmeticError as error:
        raise ValueError(f"{figure!r} is not a percentage such as '63.6'") from error
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or not 0 <= value <= 100:
        raise ValueError(f"{figure!r} is not a percentage within 0 and 100")
    half = Fraction(10) ** exponent / 2
    return (Fraction(value) - half) / 100, (Fraction(value) + half) / 100


def _check_size(num_trials: int) -> None:
    if num_trials < 1:
        raise ValueError(f"a percentage cannot rest on {num_trials} trials")


def _rounded_shares(size: int, unit: int) -> set[int]:
    """What shares of ``size`` can be rounded to, in parts of ``unit``; ties to either side."""
    doubled = (Fraction(2 * unit * count, size) for count in range(size + 1))
    halves = [(each, math.floor(each)) for each in doubled]
    up = {(floor + 1) // 2 for _, floor in halves}
    down = {floor // 2 for each, floor in halves if each == floor and floor % 2}
    return up | down


def _added(sums: int, values: Iterable[int]) -> int:
    total = 0
    for value in values:
        total |= sums << value
    return total
