"""What became of trials, and the weight that each score has in a mean.

A trial without a score was planned and not recorded, or recorded as broken off. By the protocol it
counts as a failure or is left out.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from senryu.evals.protocol.ledger import Spent
from senryu.evals.protocol.plan import Aggregation, Averaging, Missing, Protocol, TrialId
from senryu.evals.stats import Estimate, Observation, estimate

__all__ = ["Collected", "Score", "Trial", "collect", "observe", "reliability", "scores_of"]

Score = tuple[TrialId, float]
"""A trial and what it counts as."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of one trial.

    Arguments:
        id: which one.
        score: from 0 to 1, or None if it broke off and says nothing of what was measured. A model
            that ran out of its budget has failed: that is a score of 0.
        spent: what it used up, score or not.
        reason: why it has no score.

    Raises:
        ValueError: the score is not within 0 and 1.
    """

    id: TrialId
    score: float | None
    spent: Spent = field(default_factory=Spent)
    reason: str = ""

    def __post_init__(self) -> None:
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"the score of {self.id} is {self.score}, not within 0 and 1")


@dataclass(frozen=True, slots=True)
class Collected:
    """Trials, each once.

    Arguments:
        trials: by their ids; what is not there is missing.
        repeated: what was recorded of a trial besides that, and does not count; it was paid for.
    """

    trials: Mapping[TrialId, Trial]
    repeated: tuple[Trial, ...] = ()


def collect(protocol: Protocol, records: Iterable[Trial]) -> Collected:
    """Records in the order in which they were made -> each trial once.

    The first record with a score counts, so that a trial cannot be tried until it succeeds; one
    that broke off counts only while there is none with a score.

    Raises:
        ValueError: a trial is not one of the protocol's.
    """
    trials: dict[TrialId, Trial] = {}
    repeated: list[Trial] = []
    for record in records:
        if record.id not in protocol:
            raise ValueError(f"{record.id} is no trial of {protocol.benchmark}")
        known = trials.get(record.id)
        if known is None:
            trials[record.id] = record
        elif known.score is None and record.score is not None:
            trials[record.id] = record
            repeated.append(known)
        else:
            repeated.append(record)
    return Collected(trials, tuple(repeated))


def scores_of(protocol: Protocol, trials: Mapping[TrialId, Trial]) -> list[Score]:
    """What each planned trial counts as, in the protocol's order; without those left out."""
    found: list[Score] = []
    for planned in protocol.trials():
        trial = trials.get(planned)
        if trial is not None and trial.score is not None:
            found.append((planned, trial.score))
        elif protocol.missing is Missing.FAILURES:
            found.append((planned, 0.0))
    return found


def observe(
    protocol: Protocol, scores: Sequence[Score], aggregation: Aggregation
) -> list[Observation]:
    """The scores with the weights that make their weighted mean the one that is asked for.

    Every mean here is one of means of means: what is averaged together shares a weight alike.
    """
    paths = [_path(protocol, trial, aggregation) for trial, _ in scores]
    weights = [1.0] * len(scores)
    for depth in range(len(paths[0]) if paths else 0):
        members = Counter(path[:depth] for path in {path[: depth + 1] for path in paths})
        weights = [
            weight / members[path[:depth]] for weight, path in zip(weights, paths, strict=True)
        ]
    together = Counter(paths)
    macro = protocol.averaging is Averaging.GROUPS
    return [
        Observation(
            score,
            cluster=question.cluster or question.id,
            weight=weight / together[path],
            group=question.group if macro else None,
        )
        for (trial, score), weight, path in zip(scores, weights, paths, strict=True)
        for question in (protocol.by_id[trial.question],)
    ]


def reliability(
    protocol: Protocol,
    trials: Mapping[TrialId, Trial],
    *,
    arm: str,
    k: int,
    of: Callable[[int, int, int], float],
) -> Estimate:
    """pass@k or pass^k of an arm, averaged over its questions as the protocol says.

    All trials of a question in the arm count, whichever run they belong to: 10 runs of 16 trials
    are 160 attempts. Missing trials count as failures, or, left out, make the attempts fewer.

    Arguments:
        of: ``pass_at_k`` or ``pass_hat_k``.

    Raises:
        ValueError: a score is neither 0 nor 1, a question has fewer than ``k`` attempts, or the arm
            has no score at all.
    """
    attempts: dict[str, list[float]] = defaultdict(list)
    for trial, score in scores_of(protocol, trials):
        if trial.arm == arm:
            attempts[trial.question].append(score)
    if any(score not in (0, 1) for scores in attempts.values() for score in scores):
        raise ValueError("pass@k and pass^k need scores of 0 or 1")
    values: list[Score] = [
        (TrialId(arm, 1, question), of(scores.count(1), len(scores), k))
        for question, scores in attempts.items()
    ]
    return estimate(observe(protocol, values, Aggregation.POOLED_MEAN))


def _path(protocol: Protocol, trial: TrialId, aggregation: Aggregation) -> tuple[Hashable, ...]:
    """What is averaged apart, from the outermost mean inwards."""
    within: tuple[Hashable, ...] = ()
    if protocol.averaging is Averaging.GROUPS:
        within = (protocol.by_id[trial.question].group,)
    if aggregation is Aggregation.POOLED_MEAN:
        return within
    if aggregation is Aggregation.MEAN_OF_RUNS:
        return ((trial.arm, trial.run), *within)
    return (trial.arm, trial.run, *within)
