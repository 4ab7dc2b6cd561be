"""Results: the means of the card by name, missing trials, and a baseline beside every score."""

import math
import statistics
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senryu.evals.protocol import (
    Aggregation,
    Arm,
    Averaging,
    Baseline,
    Collected,
    Missing,
    Protocol,
    Question,
    Result,
    Spent,
    Trial,
    TrialId,
    collect,
    reliability,
    summarise,
)
from senryu.evals.stats import pass_at_k, pass_hat_k
from tests.contract.manifest import requirement

Verdict = Callable[[TrialId], float | None]


def questions(num: int) -> tuple[Question, ...]:
    return tuple(Question(str(number), group=f"group {number % 2}") for number in range(num))


def nothing(protocol: Protocol, score: float = 0.0) -> Baseline:
    return Baseline("says nothing", {each.id: score for each in protocol.questions})


def run(protocol: Protocol, verdict: Verdict) -> Collected:
    return collect(protocol, [Trial(each, verdict(each)) for each in protocol.trials()])


def summary(protocol: Protocol, verdict: Verdict) -> Result:
    return summarise(protocol, run(protocol, verdict), nothing(protocol))


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    scores = cycle(draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40)))
    return lambda _: next(scores)


@requirement("evals.means")
def test_terminal_bench_as_the_card_has_it() -> None:
    # 6 runs without thinking: 193 of 480 (40.21); 5 with 32K: 167 of 400 (41.75); reported: 41.0
    protocol = Protocol(
        "Terminal-Bench",
        questions(80),
        (
            Arm("no thinking", num_runs=6, settings={"thinking_tokens": 0}),
            Arm("thinking", num_runs=5, settings={"thinking_tokens": 32_000}),
        ),
        aggregation=Aggregation.MEAN_OF_ARMS,
    )
    successes = {"no thinking": 193, "thinking": 167}

    def verdict(trial: TrialId) -> float:
        successes[trial.arm] -= 1
        return float(successes[trial.arm] >= 0)

    result = summary(protocol, verdict)
    percent = {name: round(100 * mean.value, 2) for name, mean in result.means.items()}
    assert percent == {"pooled mean": 40.91, "mean of runs": 40.91, "mean of arms": 40.98}
    assert result.score == result.means[Aggregation.MEAN_OF_ARMS]
    assert round(100 * result.score.value, 1) == 41.0
    assert {arm: round(100 * each.mean.value, 2) for arm, each in result.arms.items()} == {
        "no thinking": 40.21,
        "thinking": 41.75,
    }
    assert result.score.num_clusters == 80
    assert result.score.num_observations == protocol.num_trials == 880


@requirement("evals.means")
def test_arms_and_runs_of_unequal_size_give_three_means() -> None:
    protocol = Protocol("any", questions(2), (Arm("a", 1, 4), Arm("b", 2), Arm("c", 1)))
    won = {("a", 1): 1.0, ("b", 1): 0.0, ("b", 2): 1.0, ("c", 1): 0.0}
    result = summary(protocol, lambda trial: won[trial.arm, trial.run])
    assert result.means[Aggregation.POOLED_MEAN].value == pytest.approx(10 / 14)
    assert result.means[Aggregation.MEAN_OF_RUNS].value == pytest.approx(2 / 4)
    assert result.means[Aggregation.MEAN_OF_ARMS].value == pytest.approx((1 + 0.5 + 0) / 3)
    assert result.arms["b"].run_means == {1: 0.0, 2: 1.0}
    assert result.arms["b"].spread == pytest.approx(math.sqrt(0.5))
    assert result.arms["a"].spread is None


@requirement("evals.means")
@settings(max_examples=40)
@given(
    st.integers(2, 5), st.integers(1, 3), st.integers(1, 3), st.sampled_from(Averaging), verdicts()
)
def test_in_a_balanced_plan_all_means_are_one(
    num: int, num_runs: int, num_trials: int, averaging: Averaging, verdict: Verdict
) -> None:
    arms = (Arm("a", num_runs, num_trials), Arm("b", num_runs, num_trials))
    result = summary(Protocol("any", questions(num), arms, averaging=averaging), verdict)
    pooled, *others = result.means.values()
    for other in others:
        assert other.value == pytest.approx(pooled.value)
        if pooled.standard_error is None:
            assert other.standard_error is None
        else:
            assert other.standard_error == pytest.approx(pooled.standard_error, abs=1e-9)


@requirement("evals.macro")
def test_a_macro_average_counts_every_language_alike() -> None:
    # 14 translations, of which one has twice as many questions; it alone is answered
    asked = [
        Question(f"{language}/{number}", group=f"language {language}", cluster=str(number))
        for language in range(14)
        for number in range(4 if language == 0 else 2)
    ]
    protocol = Protocol(
        "MMMLU", tuple(asked), (Arm("only", num_runs=10),), averaging=Averaging.GROUPS
    )
    result = summary(protocol, lambda trial: float(trial.question.startswith("0/")))
    assert [mean.value for mean in result.means.values()] == pytest.approx([1 / 14] * 3)
    assert result.groups["language 0"].value == 1
    assert result.groups["language 13"].value == 0
    assert result.score.num_clusters == 4


@requirement("evals.missing")
@pytest.mark.parametrize(
    ("missing", "score", "num_counted"), [(Missing.FAILURES, 0.5, 8), (Missing.LEFT_OUT, 1.0, 4)]
)
def test_missing_trials_are_failures_unless_said(
    missing: Missing, score: float, num_counted: int
) -> None:
    assert Protocol("any", questions(1), (Arm("a"),)).missing is Missing.FAILURES
    protocol = Protocol("any", questions(4), (Arm("a", num_runs=2),), missing=missing)
    # run 1 is whole; of run 2 half is not recorded, and half broke off
    records = [
        Trial(each, 1.0 if each.run == 1 else None, Spent(cost=Decimal(1)), "no sandbox")
        for each in protocol.trials()
        if each.run == 1 or each.question in "01"
    ]
    result = summarise(protocol, collect(protocol, records), nothing(protocol))
    assert result.score.value == score
    assert result.score.num_observations == num_counted
    assert (protocol.num_trials, result.num_recorded, result.num_scored) == (8, 6, 4)
    assert result.spent.cost == 6


@requirement("evals.missing")
def test_without_any_score_there_is_none() -> None:
    protocol = Protocol("any", questions(2), (Arm("a"),), missing=Missing.LEFT_OUT)
    with pytest.raises(ValueError, match="no trial has a score"):
        summarise(protocol, Collected({}), nothing(protocol))


@requirement("evals.missing")
@settings(max_examples=40)
@given(st.integers(1, 3), st.data())
def test_what_is_left_out_counts_in_no_mean(num_runs: int, data: st.DataObject) -> None:
    protocol = Protocol(
        "any", questions(3), (Arm("a", num_runs, 2), Arm("b", 2)), missing=Missing.LEFT_OUT
    )
    planned = list(protocol.trials())
    scored = data.draw(
        st.dictionaries(st.sampled_from(planned), st.sampled_from([0.0, 1.0]), min_size=1)
    )
    result = summary(protocol, scored.get)
    runs: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for trial, score in scored.items():
        runs[trial.arm][trial.run].append(score)
    means = {arm: [statistics.fmean(each) for each in of.values()] for arm, of in runs.items()}
    by_arm = [statistics.fmean(each) for each in means.values()]
    by_run = [mean for each in means.values() for mean in each]
    assert result.means[Aggregation.POOLED_MEAN].value == pytest.approx(
        statistics.fmean(scored.values())
    )
    assert result.means[Aggregation.MEAN_OF_RUNS].value == pytest.approx(statistics.fmean(by_run))
    assert result.means[Aggregation.MEAN_OF_ARMS].value == pytest.approx(statistics.fmean(by_arm))


@requirement("evals.baseline")
def test_a_score_stands_beside_what_doing_nothing_scores() -> None:
    # doing nothing solves 3 of 5; what is measured solves those and one more
    protocol = Protocol("airline", questions(5), (Arm("a", num_runs=10),))
    baseline = Baseline("a user who hangs up", {"0": 1, "1": 1, "2": 1, "3": 0, "4": 0})
    result = summarise(protocol, run(protocol, lambda each: float(each.question != "4")), baseline)
    assert (result.score.value, result.baseline_score.value) == (0.8, 0.6)
    assert result.gain.value == pytest.approx(0.2)
    # of 5 differences one is 1: stdev / sqrt(5)
    assert result.gain.standard_error == pytest.approx(0.2)


@requirement("evals.baseline")
@pytest.mark.parametrize(
    "scores", [{}, {"0": 0.0}, {"0": 0.0, "1": 1.5}, {"0": 0.0, "1": math.nan}]
)
def test_there_is_no_score_without_a_whole_baseline(scores: dict[str, float]) -> None:
    protocol = Protocol("any", questions(2), (Arm("a"),))
    with pytest.raises(ValueError, match="baseline"):
        summarise(protocol, run(protocol, lambda _: 1.0), Baseline("nothing", scores))


@requirement("evals.repeats")
def test_pass_at_k_and_pass_hat_k_of_an_arm() -> None:
    protocol = Protocol("retail", questions(2), (Arm("a", num_runs=2, num_trials=2), Arm("b")))
    # question 0 succeeds in every trial, question 1 in one of four
    collected = run(
        protocol, lambda each: float(each.question == "0" or (each.run, each.trial) == (1, 1))
    )

    def value(of: Callable[[int, int, int], float], k: int) -> float:
        return reliability(protocol, collected.trials, arm="a", k=k, of=of).value

    assert [value(pass_at_k, k) for k in (1, 2, 4)] == pytest.approx([0.625, 0.75, 1.0])
    assert [value(pass_hat_k, k) for k in (1, 2, 4)] == pytest.approx([0.625, 0.5, 0.5])
    assert (
        value(pass_at_k, 1)
        == summarise(protocol, collected, nothing(protocol)).arms["a"].mean.value
    )
    with pytest.raises(ValueError, match="k is 5"):
        value(pass_at_k, 5)


@requirement("evals.repeats")
def test_only_successes_and_failures_can_be_repeated() -> None:
    protocol = Protocol("any", questions(1), (Arm("a"),))
    collected = run(protocol, lambda _: 0.5)
    with pytest.raises(ValueError, match="0 or 1"):
        reliability(protocol, collected.trials, arm="a", k=1, of=pass_at_k)


@requirement("evals.resume")
def test_a_trial_recorded_twice_counts_once_and_is_told() -> None:
    protocol = Protocol("any", questions(1), (Arm("a"),))
    (only,) = protocol.trials()
    broken, failed, solved = Trial(only, None), Trial(only, 0.0), Trial(only, 1.0)
    collected = collect(protocol, [broken, failed, solved])
    assert collected == Collected({only: failed}, (broken, solved))
    assert collect(protocol, [broken, broken]) == Collected({only: broken}, (broken,))
    assert collect(protocol, [failed, broken]) == Collected({only: failed}, (broken,))


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan, math.inf])
def test_scores_are_from_0_to_1(score: float) -> None:
    with pytest.raises(ValueError, match="not within 0 and 1"):
        Trial(TrialId("a", 1, "0"), score)
