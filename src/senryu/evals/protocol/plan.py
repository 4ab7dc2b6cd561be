"""The plan of a benchmark: questions, arms, and how their scores become one figure.

The words are those of published model cards. A *run* asks each question once or several times; each
time is a *trial*. An *arm* is a number of runs in one configuration, such as "6 runs without
thinking"; a benchmark may have several, such as 5 more "with a budget of 32K".
"""

import hashlib
import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property

__all__ = [
    "Aggregation",
    "Arm",
    "Averaging",
    "Missing",
    "Protocol",
    "Question",
    "Setting",
    "TrialId",
]

Setting = str | int | float | bool | None
"""What can be set, as JSON has it."""


class Aggregation(StrEnum):
    """How the scores of all trials become one figure.

    They differ where arms or runs differ in size. Published cards seldom say which they use.
    """

    POOLED_MEAN = "pooled mean"  # every trial counts alike
    MEAN_OF_RUNS = "mean of runs"  # every run counts alike, in whichever arm it is
    MEAN_OF_ARMS = "mean of arms"  # every arm counts alike, and in an arm every run


class Averaging(StrEnum):
    """What counts alike within the pool or the run that is averaged."""

    TRIALS = "trials"
    GROUPS = "groups"  # the macro average, such as over languages


class Missing(StrEnum):
    """What trials without a score count as."""

    FAILURES = "failures"  # score 0
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Question:
    """One item of a benchmark.

    Arguments:
        id: unique among the questions.
        group: the subject, language or domain that it belongs to, if there are any.
        cluster: what it shares with questions that are no independent evidence, such as the
            question that it is a translation of; empty if it stands for itself.
    """

    id: str
    group: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """Runs in one configuration.

    Arguments:
        name: unique among the arms.
        num_runs: how many, at least one.
        num_trials: how often each run asks each question.
        settings: what distinguishes it: budgets, sampling, the digest of a prompt addendum.
    """

    name: str
    num_runs: int = 1
    num_trials: int = 1
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])


@dataclass(frozen=True, slots=True, order=True)
class TrialId:
    """Which trial: runs and trials are counted from 1."""

    arm: str
    run: int
    question: str
    trial: int = 1


@dataclass(frozen=True)
class Protocol:
    """What is to be done, and how it is to be counted.

    Arguments:
        benchmark: what is measured.
        questions: at least one.
        arms: at least one.
        aggregation: which mean is the score.
        averaging: whether that mean is macro-averaged over the questions' groups.
        missing: what trials without a score count as.
        provenance: what else scores depend on: the model, versions, digests of data and prompts.

    Raises:
        ValueError: there is nothing to do, or a name occurs twice.
    """

    benchmark: str
    questions: tuple[Question, ...]
    arms: tuple[Arm, ...]
    aggregation: Aggregation = Aggregation.POOLED_MEAN
    averaging: Averaging = Averaging.TRIALS
    missing: Missing = Missing.FAILURES
    provenance: Mapping[str, Setting] = field(default_factory=dict[str, Setting])

    def __post_init__(self) -> None:
        _check_unique("question", [each.id for each in self.questions])
        _check_unique("arm", [each.name for each in self.arms])
        if any(arm.num_runs < 1 or arm.num_trials < 1 for arm in self.arms):
            raise ValueError("every arm needs at least one run of at least one trial")

    @cached_property
    def digest(self) -> str:
        """What tells this protocol from every other one: SHA-256 of all that it says."""
        written = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(written.encode()).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        """The questions by their ids."""
        return {question.id: question for question in self.questions}

    @property
    def num_trials(self) -> int:
        """How many trials there are in all."""
        return len(self.questions) * sum(arm.num_runs * arm.num_trials for arm in self.arms)

    def trials(self) -> Iterator[TrialId]:
        """Every trial once, run after run, so that what ends early has whole runs."""
        for arm in self.arms:
            for run in range(1, arm.num_runs + 1):
                for question in self.questions:
                    for trial in range(1, arm.num_trials + 1):
                        yield TrialId(arm.name, run, question.id, trial)

    def remaining(self, done: Container[TrialId]) -> Iterator[TrialId]:
        """The trials that are still to do, in the same order."""
        return (each for each in self.trials() if each not in done)

    def __contains__(self, trial: TrialId) -> bool:
        """Whether the protocol has this trial."""
        arm = next((each for each in self.arms if each.name == trial.arm), None)
        return (
            arm is not None
            and 1 <= trial.run <= arm.num_runs
            and 1 <= trial.trial <= arm.num_trials
            and trial.question in self.by_id
        )


def _check_unique(what: str, names: list[str]) -> None:
    if not names:
        raise ValueError(f"a protocol needs at least one {what}")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{what} {twice[0]!r} is listed twice")
