"""What scores say, and how surely. Pure, and knowing nothing of benchmarks, models or files.

An ``Observation`` is one score with its weight and its cluster, the question that it belongs to.
Everything else is made of those or of counts.
"""

from senryu.evals.stats.agreement import Agreement, agreement
from senryu.evals.stats.means import (
    LEVEL,
    Estimate,
    Interval,
    Observation,
    bootstrap_interval,
    estimate,
    estimate_difference,
)
from senryu.evals.stats.proportions import pass_at_k, pass_hat_k, wilson_interval
from senryu.evals.stats.published import can_be_mean, counts_giving, nearest_count

__all__ = [
    "LEVEL",
    "Agreement",
    "Estimate",
    "Interval",
    "Observation",
    "agreement",
    "bootstrap_interval",
    "can_be_mean",
    "counts_giving",
    "estimate",
    "estimate_difference",
    "nearest_count",
    "pass_at_k",
    "pass_hat_k",
    "wilson_interval",
]
