"""Plans: each trial once, and a digest that tells protocols apart."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.protocol import (
    Aggregation,
    Arm,
    Averaging,
    Missing,
    Protocol,
    Question,
    TrialId,
)
from tests.contract.manifest import requirement

AIME = Protocol(
    "AIME", tuple(Question(str(number)) for number in range(30)), (Arm("128K", 10, 16),)
)


@requirement("evals.plan")
def test_ten_runs_of_sixteen_trials_are_4800_trials_run_after_run() -> None:
    trials = list(AIME.trials())
    assert len(trials) == len(set(trials)) == AIME.num_trials == 4800
    assert trials[:2] == [TrialId("128K", 1, "0", 1), TrialId("128K", 1, "0", 2)]
    assert [each.run for each in trials] == sorted(each.run for each in trials)
    assert all(each in AIME for each in trials)


@requirement("evals.plan")
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 3)), min_size=1, max_size=3), st.data())
def test_what_remains_is_what_was_not_done(sizes: list[tuple[int, int]], data: st.DataObject):
    arms = tuple(Arm(f"arm {number}", *size) for number, size in enumerate(sizes))
    protocol = Protocol("any", (Question("a"), Question("b")), arms)
    planned = list(protocol.trials())
    assert len(planned) == protocol.num_trials
    done = data.draw(st.sets(st.sampled_from(planned)))
    assert list(protocol.remaining(done)) == [each for each in planned if each not in done]


@pytest.mark.parametrize(
    "change",
    [{"arm": "64K"}, {"run": 0}, {"run": 11}, {"trial": 0}, {"trial": 17}, {"question": "30"}],
)
def test_what_is_not_planned_is_no_trial(change: dict[str, object]) -> None:
    assert replace(TrialId("128K", 10, "29", 16), **change) not in AIME  # pyright: ignore[reportArgumentType]


@requirement("evals.plan")
def test_whatever_differs_makes_another_protocol() -> None:
    others = [
        replace(AIME, benchmark="AIME 2025"),
        replace(AIME, questions=AIME.questions[:29]),
        replace(AIME, questions=(*AIME.questions[:29], Question("29", group="algebra"))),
        replace(AIME, arms=(Arm("128K", 10, 15),)),
        replace(AIME, arms=(Arm("128K", 10, 16, {"temperature": 0.6}),)),
        replace(AIME, aggregation=Aggregation.MEAN_OF_RUNS),
        replace(AIME, averaging=Averaging.GROUPS),
        replace(AIME, missing=Missing.LEFT_OUT),
        replace(AIME, provenance={"model": "senryu-1"}),
    ]
    assert len({each.digest for each in [AIME, *others]}) == 10
    assert replace(AIME).digest == AIME.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"questions": ()}, "at least one question"),
        ({"arms": ()}, "at least one arm"),
        ({"questions": (Question("a"), Question("a"))}, "'a' is listed twice"),
        ({"arms": (Arm("a"), Arm("a"))}, "'a' is listed twice"),
        ({"arms": (Arm("a", num_runs=0),)}, "at least one run"),
        ({"arms": (Arm("a", num_trials=0),)}, "at least one trial"),
    ],
)
def test_plans_without_sense_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(AIME, **change)  # pyright: ignore[reportArgumentType]
