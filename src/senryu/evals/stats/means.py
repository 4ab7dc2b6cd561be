"""Means of scores, with standard errors and intervals that know which scores belong together.

The questions of a benchmark are a sample of those that could have been asked; several trials of one
question, or one question in several languages, are not independent. So everything is counted by
cluster. Formulas: E. Miller, "Adding Error Bars to Evals", arXiv 2411.00640; the correction for few
clusters: A. Cameron and D. Miller, "A Practitioner's Guide to Cluster-Robust Inference", 2015.
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

__all__ = [
    "LEVEL",
    "Estimate",
    "Interval",
    "Observation",
    "bootstrap_interval",
    "estimate",
    "estimate_difference",
]

LEVEL = 0.95
"""How often an interval is to hold what it estimates, unless something else is asked for."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One score.

    Arguments:
        score: any finite number.
        cluster: what it shares with scores that are not independent of it, such as its question.
        weight: its part in the mean, above zero; only relations between weights matter.
        group: the stratum whose size was chosen and not drawn, such as a language or a subject.
    """

    score: float
    cluster: Hashable
    weight: float = 1.0
    group: Hashable = None


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies, at a level of confidence."""

    low: float
    high: float
    level: float = LEVEL


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and how sure it is.

    Arguments:
        value: the weighted mean, or a difference of two.
        standard_error: clustered; None where some group has fewer than two clusters. Zero says
            that all clusters had the same score, not that others would have it too.
        interval: value ± quantile times standard error, by the normal distribution; None likewise.
            It is not cut at 0 or 1: where it reaches beyond, the normal distribution does not fit.
        num_clusters: how many clusters it rests on.
        num_observations: how many scores.
    """

    value: float
    standard_error: float | None
    interval: Interval | None
    num_clusters: int
    num_observations: int


def estimate(observations: Sequence[Observation], *, level: float = LEVEL) -> Estimate:
    """The weighted mean with its clustered standard error.

    With weights ``w`` that sum to one, ``s`` a score, ``m`` the mean of its group and ``G`` the
    number of clusters in that group::

        value = sum(w s)
        SE²   = sum over clusters of (sum over its scores of w sqrt(G / (G - 1)) (s - m))²

    With equal weights and one group that is the clustered standard error with the correction
    G / (G - 1), which makes it the plain one, ``stdev / sqrt(n)``, where each cluster has one
    score. Groups are strata: how their means differ from each other adds nothing to the error.

    Raises:
        ValueError: there are no observations, or a weight is not above zero.
    """
    table = _table(observations)
    return _estimate(_value(observations), table, level)


def estimate_difference(
    ours: Sequence[Observation], theirs: Sequence[Observation], *, level: float = LEVEL
) -> Estimate:
    """The mean of ``ours`` less that of ``theirs``, over the same questions.

    Paired: what both find easy or hard cancels out, so that the error is usually far smaller than
    that of two separate means.

    Raises:
        ValueError: the two are not over the same clusters, or ``estimate`` would refuse them.
    """
    if {each.cluster for each in ours} != {each.cluster for each in theirs}:
        raise ValueError("a paired difference needs the same questions on both sides")
    table: _Table = defaultdict(dict)
    for side, observations in ((1, ours), (-1, theirs)):
        for cluster, cells in _table(observations).items():
            table[cluster] |= {
                (side, group): _Cell(side * cell.scored, side * cell.weight, cell.num)
                for group, cell in cells.items()
            }
    return _estimate(_value(ours) - _value(theirs), table, level)


def bootstrap_interval(
    observations: Sequence[Observation],
    *,
    level: float = LEVEL,
    num_resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """The percentile interval of the weighted mean over resampled clusters.

    Whole clusters are drawn with replacement, as many as there are, each from those that span the
    same groups, so that no group runs empty and its part in the mean stays what it is. It needs no
    normal distribution. Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap",
    chapter 13; A. Davison and D. Hinkley, "Bootstrap Methods", section 3.8, on clusters.

    Arguments:
        seed: the same seed gives the same interval.

    Raises:
        ValueError: as ``estimate``.
    """
    table = _table(observations)
    strata: dict[frozenset[Hashable], list[_Cells]] = defaultdict(list)
    for cells in table.values():
        strata[frozenset(cells)].append(cells)
    drawn = random.Random(seed)
    if all(_is_balanced(members) for members in strata.values()):
        # every draw has the same weights, so that each cluster adds a number of its own
        added = [
            [sum(cell.scored for cell in cells.values()) for cells in members]
            for members in strata.values()
        ]
        means = [
            sum(sum(drawn.choices(values, k=len(values))) for values in added)
            for _ in range(num_resamples)
        ]
    else:
        shares = {group: weight for group, (_, weight) in _sums(table.values()).items()}
        means = [
            _mean(
                shares,
                _sums(
                    cells
                    for members in strata.values()
                    for cells in drawn.choices(members, k=len(members))
                ),
            )
            for _ in range(num_resamples)
        ]
    means.sort()
    tail = (1 - level) / 2
    return Interval(_quantile(means, tail), _quantile(means, 1 - tail), level)


class _Cell(NamedTuple):
    """The scores of one cluster in one group: their weighted sum, their weight, their number."""

    scored: float
    weight: float
    num: int


_Cells = Mapping[Hashable, _Cell]  # of one cluster, by group
_Table = dict[Hashable, dict[Hashable, _Cell]]  # by cluster and group


def _table(observations: Sequence[Observation]) -> _Table:
    """The scores added up, with weights that sum to one."""
    if not observations:
        raise ValueError("a mean needs at least one score")
    total = math.fsum(each.weight for each in observations)
    table: _Table = defaultdict(dict)
    for each in observations:
        if not 0 < each.weight < math.inf:
            raise ValueError("every weight must be a finite number above zero")
        weight = each.weight / total
        cells = table[each.cluster]
        old = cells.get(each.group, _Cell(0.0, 0.0, 0))
        cells[each.group] = _Cell(
            old.scored + weight * each.score, old.weight + weight, old.num + 1
        )
    return table


def _value(observations: Sequence[Observation]) -> float:
    """The weighted mean, as exact as its weights: a table's sums gather small errors."""
    total = math.fsum(each.weight for each in observations)
    return math.fsum(each.weight * each.score for each in observations) / total


def _estimate(value: float, table: _Table, level: float) -> Estimate:
    cells = [cell for of_cluster in table.values() for cell in of_cluster.values()]
    error = _standard_error(table)
    interval = None
    if error is not None:
        reach = NormalDist().inv_cdf((1 + level) / 2) * error
        interval = Interval(value - reach, value + reach, level)
    return Estimate(value, error, interval, len(table), sum(cell.num for cell in cells))


def _standard_error(table: _Table) -> float | None:
    num_clusters = Counter(group for cells in table.values() for group in cells)
    if min(num_clusters.values()) < 2:
        return None
    means = {group: scored / weight for group, (scored, weight) in _sums(table.values()).items()}
    corrections = {group: math.sqrt(num / (num - 1)) for group, num in num_clusters.items()}
    return math.hypot(
        *(
            sum(
                corrections[group] * (cell.scored - cell.weight * means[group])
                for group, cell in cells.items()
            )
            for cells in table.values()
        )
    )


def _sums(clusters: Iterable[_Cells]) -> dict[Hashable, tuple[float, float]]:
    """Weighted sums of scores, and weights, by group."""
    sums: dict[Hashable, tuple[float, float]] = {}
    for cells in clusters:
        for group, cell in cells.items():
            scored, weight = sums.get(group, (0.0, 0.0))
            sums[group] = (scored + cell.scored, weight + cell.weight)
    return sums


def _mean(shares: Mapping[Hashable, float], sums: Mapping[Hashable, tuple[float, float]]) -> float:
    """The mean of the groups' means, each with its share."""
    return sum(share * sums[group][0] / sums[group][1] for group, share in shares.items())


def _is_balanced(members: Sequence[_Cells]) -> bool:
    """Whether clusters that span the same groups have the same weights in them."""
    weights = ({group: cell.weight for group, cell in cells.items()} for cells in members)
    first = next(weights)
    return all(each == first for each in weights)


def _quantile(values: Sequence[float], share: float) -> float:
    """The quantile of sorted values, linear between neighbours."""
    place = share * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (place - below) * (values[above] - values[below])
