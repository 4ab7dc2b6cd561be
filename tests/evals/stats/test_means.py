"""Means, clustered standard errors and intervals: by hand, and against the obvious computation."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.stats import (
    Observation,
    bootstrap_interval,
    estimate,
    estimate_difference,
)
from tests.contract.manifest import requirement

SCORES = st.sampled_from([0.0, 0.25, 0.5, 1.0])
CLUSTERED = st.lists(
    st.builds(Observation, score=SCORES, cluster=st.integers(0, 5)), min_size=1, max_size=30
)
STRATA = st.lists(st.lists(SCORES, min_size=2, max_size=9), min_size=1, max_size=4)


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-9, abs=1e-12)


@requirement("evals.clusters")
def test_two_questions_asked_twice_are_as_sure_as_two_questions() -> None:
    asked_once = estimate([Observation(1, "a"), Observation(0, "b")])
    asked_twice = estimate([Observation(s, c) for s, c in [(1, "a"), (1, "a"), (0, "b"), (0, "b")]])
    # stdev(1, 0) / sqrt(2) = sqrt(1 / 2) / sqrt(2) = 1 / 2
    assert asked_once.standard_error == close(0.5)
    assert asked_twice.standard_error == close(0.5)
    assert (asked_twice.num_clusters, asked_twice.num_observations) == (2, 4)
    assert asked_twice.interval is not None
    assert asked_twice.interval.high == close(0.5 + 1.959963984540054 * 0.5)


@requirement("evals.clusters")
@given(st.lists(SCORES, min_size=2, max_size=30))
def test_clusters_of_one_give_the_plain_standard_error(scores: list[float]) -> None:
    found = estimate([Observation(score, number) for number, score in enumerate(scores)])
    assert found.value == close(statistics.fmean(scores))
    assert found.standard_error == close(statistics.stdev(scores) / math.sqrt(len(scores)))


@requirement("evals.clusters")
@given(CLUSTERED)
def test_the_error_is_the_double_sum_over_pairs(observations: list[Observation]) -> None:
    found = estimate(observations)
    num, mean = len(observations), statistics.fmean(each.score for each in observations)
    num_clusters = len({each.cluster for each in observations})
    if num_clusters == 1:
        assert found.standard_error is None
        assert found.interval is None
        return
    # arXiv 2411.00640 sums over all pairs of one cluster; with the correction for few clusters
    together = math.fsum(
        (one.score - mean) * (other.score - mean)
        for one in observations
        for other in observations
        if one.cluster == other.cluster
    )
    error = math.sqrt(max(0, together) * num_clusters / (num_clusters - 1)) / num
    assert found.standard_error == pytest.approx(error, rel=1e-6, abs=1e-8)


@requirement("evals.macro")
@given(STRATA)
def test_strata_add_up_as_independent_means(strata: list[list[float]]) -> None:
    found = estimate(
        [
            Observation(score, (group, number), weight=1 / len(scores), group=group)
            for group, scores in enumerate(strata)
            for number, score in enumerate(scores)
        ]
    )
    assert found.value == close(statistics.fmean(statistics.fmean(scores) for scores in strata))
    variances = [statistics.variance(scores) / len(scores) for scores in strata]
    assert found.standard_error == close(math.sqrt(math.fsum(variances)) / len(strata))


@requirement("evals.macro")
@given(st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=20))
def test_a_question_in_two_languages_is_one_cluster_across_them(
    pairs: list[tuple[float, float]],
) -> None:
    found = estimate(
        [
            Observation(score, number, group=language)
            for number, pair in enumerate(pairs)
            for language, score in enumerate(pair)
        ]
    )
    means = [statistics.fmean(pair) for pair in pairs]
    assert found.standard_error == close(statistics.stdev(means) / math.sqrt(len(means)))


@requirement("evals.paired")
@given(st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=20))
def test_a_difference_is_that_of_each_question(pairs: list[tuple[float, float]]) -> None:
    ours = [Observation(one, number) for number, (one, _) in enumerate(pairs)]
    theirs = [Observation(other, number) for number, (_, other) in enumerate(pairs)]
    found = estimate_difference(ours, theirs)
    differences = [one - other for one, other in pairs]
    assert found.value == close(statistics.fmean(differences))
    assert found.standard_error == close(statistics.stdev(differences) / math.sqrt(len(pairs)))


@requirement("evals.paired")
def test_a_difference_needs_the_same_questions() -> None:
    with pytest.raises(ValueError, match="same questions"):
        estimate_difference([Observation(1, "a")], [Observation(1, "b")])


@requirement("evals.bootstrap")
@given(CLUSTERED, st.integers())
def test_a_bootstrap_interval_lies_within_the_clusters_means(
    observations: list[Observation], seed: int
) -> None:
    interval = bootstrap_interval(observations, num_resamples=30, seed=seed)
    assert interval == bootstrap_interval(observations, num_resamples=30, seed=seed)
    members: dict[object, list[float]] = defaultdict(list)
    for each in observations:
        members[each.cluster].append(each.score)
    means = [statistics.fmean(scores) for scores in members.values()]
    assert min(means) - 1e-9 <= interval.low <= interval.high <= max(means) + 1e-9


@requirement("evals.bootstrap")
def test_a_bootstrap_draws_from_every_group_as_much_as_it_has() -> None:
    only = bootstrap_interval([Observation(1, "a", group="x"), Observation(0, "b", group="y")])
    assert (only.low, only.high) == (0.5, 0.5)


@requirement("evals.bootstrap")
def test_a_bootstrap_interval_is_as_wide_as_the_normal_one_where_that_fits() -> None:
    observations = [
        Observation(float((number * 7 + trial * number) % 3 == 0), number, group=number % 2)
        for number in range(150)
        for trial in range(4)
    ]
    normal = estimate(observations).interval
    drawn = bootstrap_interval(observations)
    assert normal is not None
    assert drawn.high - drawn.low == pytest.approx(normal.high - normal.low, rel=0.1)
    assert drawn.low == pytest.approx(normal.low, abs=0.01)


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan])
@pytest.mark.parametrize("use", [estimate, bootstrap_interval])
def test_weights_are_finite_and_above_zero(
    use: Callable[[list[Observation]], object], weight: float
) -> None:
    with pytest.raises(ValueError, match="weight"):
        use([Observation(1.0, "a", weight=weight)])
    with pytest.raises(ValueError, match="at least one"):
        use([])
