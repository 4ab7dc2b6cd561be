"""Wilson's interval by a published table; pass@k and pass^k by counting all choices of trials."""

import itertools
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.stats import pass_at_k, pass_hat_k, wilson_interval
from tests.contract.manifest import requirement

TRIALS = st.lists(st.booleans(), min_size=1, max_size=8)


@requirement("evals.wilson")
@pytest.mark.parametrize(
    ("num_successes", "num_trials", "low", "high"),
    # R. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_intervals_are_those_of_the_literature(
    num_successes: int, num_trials: int, low: float, high: float
) -> None:
    found = wilson_interval(num_successes, num_trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 400), st.data())
def test_wilson_intervals_hold_the_share_and_stay_within_bounds(num: int, data: st.DataObject):
    successes = data.draw(st.integers(0, num))
    found = wilson_interval(successes, num)
    assert 0 <= found.low <= successes / num <= found.high <= 1
    assert found.high - found.low > 0


@requirement("evals.repeats")
@given(TRIALS, st.data())
def test_pass_at_k_and_pass_hat_k_are_shares_of_all_choices_of_k_trials(
    trials: list[bool], data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, len(trials)))
    choices = list(itertools.combinations(trials, k))
    num, successes = len(trials), sum(trials)
    assert pass_at_k(successes, num, k) == pytest.approx(statistics.fmean(map(any, choices)))
    assert pass_hat_k(successes, num, k) == pytest.approx(statistics.fmean(map(all, choices)))


@requirement("evals.repeats")
@given(TRIALS)
def test_more_trials_help_to_succeed_once_and_not_to_succeed_always(trials: list[bool]) -> None:
    num, successes = len(trials), sum(trials)
    at = [pass_at_k(successes, num, k) for k in range(1, num + 1)]
    hat = [pass_hat_k(successes, num, k) for k in range(1, num + 1)]
    assert at == sorted(at)
    assert hat == sorted(hat, reverse=True)
    assert at[0] == pytest.approx(successes / num)
    assert hat[0] == pytest.approx(successes / num)


@pytest.mark.parametrize("counts", [(1, 2, 0), (1, 2, 3), (3, 2, 1), (-1, 2, 1), (0, 0, 1)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int]) -> None:
    for of in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="trials"):
            of(*counts)
    with pytest.raises(ValueError, match="trial"):
        wilson_interval(0, 0)
