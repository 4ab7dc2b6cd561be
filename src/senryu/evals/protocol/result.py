"""What all trials of a protocol say, never without what doing nothing would have scored."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from senryu.evals.protocol.ledger import Spent
from senryu.evals.protocol.plan import Aggregation, Protocol
from senryu.evals.protocol.trial import Collected, Score, observe, scores_of
from senryu.evals.stats import (
    LEVEL,
    Estimate,
    Interval,
    bootstrap_interval,
    estimate,
    estimate_difference,
)

__all__ = ["ArmResult", "Baseline", "Result", "summarise"]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a system that does nothing scores, such as one that always answers with the same letter.

    Arguments:
        description: what it does.
        scores: what each question of the protocol gives it, from 0 to 1, by question id.
    """

    description: str
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ArmResult:
    """What one arm says.

    Arguments:
        mean: of its runs, each counting alike.
        run_means: by run, counted from 1; without runs that have no score.
        spread: the standard deviation of the runs' means, None for fewer than two. It tells how
            much one run differs from another, which the standard error, over questions, does not.
    """

    mean: Estimate
    run_means: Mapping[int, float]
    spread: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured.

    Arguments:
        protocol: what was to be done; it names the mean that is the score.
        means: every mean by its name.
        bootstrap: the bootstrap interval of the score.
        arms: by name, without those that have no score.
        groups: the score of each group of questions, if there are any, without those without one.
        num_recorded: how many trials were recorded, of ``protocol.num_trials``.
        num_scored: how many of those have a score.
        baseline: what does nothing.
        baseline_score: what it scores, counted in the same way.
        gain: the score less that, paired by question.
        spent: what all records used up, also those that do not count.
    """

    protocol: Protocol
    means: Mapping[Aggregation, Estimate]
    bootstrap: Interval
    arms: Mapping[str, ArmResult]
    groups: Mapping[str, Estimate]
    num_recorded: int
    num_scored: int
    baseline: Baseline
    baseline_score: Estimate
    gain: Estimate
    spent: Spent

    @property
    def score(self) -> Estimate:
        """The mean that the protocol names."""
        return self.means[self.protocol.aggregation]


def summarise(
    protocol: Protocol, collected: Collected, baseline: Baseline, *, level: float = LEVEL
) -> Result:
    """What the trials so far say; those that are missing count as the protocol says.

    Raises:
        ValueError: the baseline lacks a question or has a score that is none, or no trial counts.
    """
    _check(protocol, baseline)
    scores = scores_of(protocol, collected.trials)
    if not scores:
        raise ValueError("no trial has a score, and the protocol leaves such trials out")
    nothing = [(trial, baseline.scores[trial.question]) for trial, _ in scores]
    ours = observe(protocol, scores, protocol.aggregation)
    theirs = observe(protocol, nothing, protocol.aggregation)
    records = [*collected.trials.values(), *collected.repeated]
    return Result(
        protocol=protocol,
        means={
            each: estimate(observe(protocol, scores, each), level=level) for each in Aggregation
        },
        bootstrap=bootstrap_interval(ours, level=level),
        arms=_arms(protocol, scores, level),
        groups=_groups(protocol, scores, level),
        num_recorded=len(collected.trials),
        num_scored=sum(each.score is not None for each in collected.trials.values()),
        baseline=baseline,
        baseline_score=estimate(theirs, level=level),
        gain=estimate_difference(ours, theirs, level=level),
        spent=sum((each.spent for each in records), Spent()),
    )


def _check(protocol: Protocol, baseline: Baseline) -> None:
    for question in protocol.questions:
        score = baseline.scores.get(question.id)
        if score is None or not 0 <= score <= 1:
            raise ValueError(f"the baseline needs a score from 0 to 1 for question {question.id!r}")


def _arms(protocol: Protocol, scores: Sequence[Score], level: float) -> dict[str, ArmResult]:
    found: dict[str, ArmResult] = {}
    for arm in protocol.arms:
        runs: dict[int, list[Score]] = {}
        for trial, score in scores:
            if trial.arm == arm.name:
                runs.setdefault(trial.run, []).append((trial, score))
        if not runs:
            continue
        means = {
            run: estimate(observe(protocol, members, Aggregation.POOLED_MEAN)).value
            for run, members in runs.items()
        }
        members = [each for run in runs.values() for each in run]
        found[arm.name] = ArmResult(
            estimate(observe(protocol, members, Aggregation.MEAN_OF_RUNS), level=level),
            means,
            statistics.stdev(means.values()) if len(means) > 1 else None,
        )
    return found


def _groups(protocol: Protocol, scores: Sequence[Score], level: float) -> dict[str, Estimate]:
    members: dict[str, list[Score]] = {}
    for trial, score in scores:
        if group := protocol.by_id[trial.question].group:
            members.setdefault(group, []).append((trial, score))
    return {
        group: estimate(observe(protocol, found, protocol.aggregation), level=level)
        for group, found in members.items()
    }
