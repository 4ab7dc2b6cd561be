"""How far two judges of the same things agree, beyond what chance would give them."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeVar

from senryu.evals.stats.means import LEVEL, Interval

__all__ = ["Agreement", "agreement"]

_Label = TypeVar("_Label", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two judges' agreement.

    Arguments:
        num_items: how many things both judged.
        observed: the share on which they agree.
        by_chance: the share on which they would, judging independently with the same frequencies.
        kappa: ``(observed - by_chance) / (1 - by_chance)``; None where both always say the same
            one thing, so that chance alone explains everything.
        standard_error: of kappa; None likewise.
        interval: of kappa, by the normal distribution; None likewise.
    """

    num_items: int
    observed: float
    by_chance: float
    kappa: float | None
    standard_error: float | None
    interval: Interval | None


def agreement(pairs: Iterable[tuple[_Label, _Label]], *, level: float = LEVEL) -> Agreement:
    """Cohen's kappa of pairs of labels, one pair for each thing judged.

    Sources: J. Cohen, "A coefficient of agreement for nominal scales", 1960; the standard error for
    a kappa that need not be zero: J. Fleiss, J. Cohen and B. Everitt, "Large sample standard errors
    of kappa and weighted kappa", 1969.

    Raises:
        ValueError: there are no pairs.
    """
    counts = Counter(pairs)
    total = counts.total()
    if not total:
        raise ValueError("agreement needs at least one thing that both judged")
    shares = {pair: count / total for pair, count in counts.items()}
    first: Counter[_Label] = Counter()
    second: Counter[_Label] = Counter()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    observed = sum(count for (one, other), count in counts.items() if one == other) / total
    matches = sum(first[label] * second[label] for label in first)
    by_chance = matches / total**2
    if matches == total**2:
        return Agreement(total, observed, by_chance, None, None, None)
    kappa = (observed - by_chance) / (1 - by_chance)
    agreed = disagreed = 0.0
    for (one, other), share in shares.items():
        if one == other:
            margins = (first[one] + second[one]) / total
            agreed += share * (1 - margins * (1 - kappa)) ** 2
        else:
            margins = (second[one] + first[other]) / total
            disagreed += share * margins**2
    chance_part = (kappa - by_chance * (1 - kappa)) ** 2
    variance = (agreed + (1 - kappa) ** 2 * disagreed - chance_part) / (
        total * (1 - by_chance) ** 2
    )
    error = math.sqrt(max(0.0, variance))
    reach = NormalDist().inv_cdf((1 + level) / 2) * error
    return Agreement(
        total, observed, by_chance, kappa, error, Interval(kappa - reach, kappa + reach, level)
    )
