"""Figures that come from counts of successes: intervals, and what repeated trials promise."""

import math
from statistics import NormalDist

from senryu.evals.stats.means import LEVEL, Interval

__all__ = ["pass_at_k", "pass_hat_k", "wilson_interval"]


def wilson_interval(num_successes: int, num_trials: int, *, level: float = LEVEL) -> Interval:
    """Wilson's score interval of a proportion of independent trials.

    It stays within 0 and 1 and says something where all trials failed or all succeeded, which
    ``estimate`` cannot. Only for trials of different questions: trials of one question are not
    independent. Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", 1927; recommended for small numbers by L. Brown, T. Cai and A. DasGupta, "Interval
    Estimation for a Binomial Proportion", 2001.

    Raises:
        ValueError: there are no trials, or not as many as successes.
    """
    _check(num_successes, num_trials)
    if num_trials == 0:
        raise ValueError("a proportion needs at least one trial")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = num_successes / num_trials
    middle = share + z * z / (2 * num_trials)
    reach = z * math.sqrt((share * (1 - share) + z * z / (4 * num_trials)) / num_trials)
    scale = 1 + z * z / num_trials
    # rounding must not push an end beyond the certain one
    low = 0.0 if num_successes == 0 else (middle - reach) / scale
    high = 1.0 if num_successes == num_trials else (middle + reach) / scale
    return Interval(low, high, level)


def pass_at_k(num_successes: int, num_trials: int, k: int) -> float:
    """The chance that at least one of ``k`` trials of a question succeeds, without bias.

    ``1 - C(n - c, k) / C(n, k)`` for ``c`` successes in ``n`` trials. Source: M. Chen et al.,
    "Evaluating Large Language Models Trained on Code", arXiv 2107.03374.

    Raises:
        ValueError: ``k`` is not within 1 and the number of trials.
    """
    _check(num_successes, num_trials, k)
    return 1 - math.comb(num_trials - num_successes, k) / math.comb(num_trials, k)


def pass_hat_k(num_successes: int, num_trials: int, k: int) -> float:
    """The chance that all of ``k`` trials of a question succeed (pass^k), without bias.

    ``C(c, k) / C(n, k)`` for ``c`` successes in ``n`` trials. Source: S. Yao et al., "τ-bench",
    arXiv 2406.12045.

    Raises:
        ValueError: ``k`` is not within 1 and the number of trials.
    """
    _check(num_successes, num_trials, k)
    return math.comb(num_successes, k) / math.comb(num_trials, k)


def _check(num_successes: int, num_trials: int, k: int | None = None) -> None:
    if not 0 <= num_successes <= num_trials:
        raise ValueError(f"{num_successes} of {num_trials} trials cannot succeed")
    if k is not None and not 1 <= k <= num_trials:
        raise ValueError(f"k is {k}; it must lie within 1 and the {num_trials} trials")
