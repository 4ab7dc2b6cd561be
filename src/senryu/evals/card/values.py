"""What a card holds. Plain data: its JSON form is these values as they stand.

Scores are shares from 0 to 1. None is "not stated" or "not measured", whichever the field is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from senryu.evals.card.facts import Exchange
from senryu.evals.card.metadata import Metadata
from senryu.evals.protocol import Setting, Spent
from senryu.evals.unmeasured import Unmeasured

__all__ = [
    "Advice",
    "ArmFigure",
    "Capability",
    "Card",
    "Evaluations",
    "Evidence",
    "GroupFigure",
    "Line",
    "Measurement",
    "QualityIndex",
    "Reliability",
    "Row",
    "RunFigure",
    "SafetyEvaluations",
    "Samples",
    "Specifications",
    "UseCase",
]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The files that a figure comes from, as paths relative to the card.

    Arguments:
        record: the first digits of the protocol's digest, which name the record's folder.
        plan: what was to be done.
        journal: a line for each trial.
        transcripts: what was said.
    """

    record: str
    plan: str
    journal: str
    transcripts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunFigure:
    """One run of an arm: its number from 1, how many of its trials have a score, and the mean."""

    run: int
    num_scored: int
    score: float | None


@dataclass(frozen=True, slots=True)
class ArmFigure:
    """What one arm of a protocol shows.

    Arguments:
        name: the arm's.
        settings: budgets and whatever else distinguishes it.
        num_trials: of each question in a run.
        runs: all that were planned.
        score: the mean of the runs, None where none was begun.
        standard_error: of it, None where it is not known.
        spread: the standard deviation of the runs' means, None unless there are two and all done.
    """

    name: str
    settings: Mapping[str, Setting]
    num_trials: int
    runs: tuple[RunFigure, ...]
    score: float | None
    standard_error: float | None
    spread: float | None


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """The score of one subject, language or domain."""

    name: str
    score: float
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """pass^k: how often all of ``k`` trials of a question succeed."""

    arm: str
    k: int
    score: float
    standard_error: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one record shows.

    Arguments:
        evidence: the files that all of it comes from.
        created: when it was planned.
        score: the mean that ``aggregation`` names.
        standard_error: clustered by question, None where it is not known.
        low: the lower end of the interval.
        high: its upper end.
        level: how often such an interval holds what it estimates.
        interval: how it was made.
        aggregation: which mean the score is.
        averaging: what counts alike in it.
        missing: what trials without a score count as.
        num_questions: how many the plan has.
        num_planned: how many trials the plan has.
        num_recorded: how many of them were done.
        num_scored: how many of those have a score.
        baseline: what the system that does nothing does.
        baseline_score: what that scores.
        gain: the score less that.
        gain_error: the standard error of that difference, paired by question.
        arms: in the plan's order.
        groups: those that have a score.
        reliability: where the row is reported so and the trials allow it.
        method: how it was measured and where the method is from.
        deviations: from the method of the hosted model's card.
        provenance: what else the score depends on.
        spent: what all its trials used up.
    """

    evidence: Evidence
    created: str
    score: float
    standard_error: float | None
    low: float
    high: float
    level: float
    interval: str
    aggregation: str
    averaging: str
    missing: str
    num_questions: int
    num_planned: int
    num_recorded: int
    num_scored: int
    baseline: str
    baseline_score: float
    gain: float
    gain_error: float | None
    arms: tuple[ArmFigure, ...]
    groups: tuple[GroupFigure, ...]
    reliability: tuple[Reliability, ...]
    method: str
    deviations: tuple[str, ...]
    provenance: Mapping[str, Setting]
    spent: Spent

    @property
    def is_complete(self) -> bool:
        """Whether every planned trial has a score."""
        return self.num_scored == self.num_planned


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a table.

    Arguments:
        test: the name of the test.
        benchmark: what measures it here.
        published: the percentage that the hosted model's card prints, None where it has none.
        stands_in: it stands in for the row's own test.
        measurement: the newest, None where nothing was measured.
        reason: why nothing was measured, empty where something was.
        earlier: older measurements of the same, the newest first.
    """

    test: str
    benchmark: str
    published: str | None
    stands_in: bool
    measurement: Measurement | None
    reason: str
    earlier: tuple[Measurement, ...]

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """All, the newest first."""
        return (self.measurement, *self.earlier) if self.measurement else ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: what is measured, and the figures that it has."""

    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class QualityIndex:
    """The mean over the rows that were measured by their own test.

    Arguments:
        value: from 0 to 1.
        rows: which rows it is over.
        num_rows: how many the table has.
        num_deviating: in how many of ``rows`` a figure deviates from the hosted model's method.
        published: the same mean of the published figures of those rows.
    """

    value: float
    rows: tuple[str, ...]
    num_rows: int
    num_deviating: int
    published: float


@dataclass(frozen=True, slots=True)
class Capability:
    """What the endpoint says that it supports.

    Arguments:
        name: as the API calls it.
        meaning: what it is.
        supported: None where the endpoint does not say.
    """

    name: str
    meaning: str
    supported: bool | None


@dataclass(frozen=True, slots=True)
class UseCase:
    """What the model was shown to do better than a system that does nothing.

    Arguments:
        row: what was measured.
        test: by which test.
        gain: the score less that of doing nothing.
        gain_error: the standard error of that difference.
        evidence: where it is from.
    """

    row: str
    test: str
    gain: float
    gain_error: float | None
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Advice:
    """What the endpoint offers to get more out of the model, and the parameter that asks for it."""

    text: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Specifications:
    """What the endpoint and the records say of the model; ``metadata`` has what is stated besides.

    Arguments:
        context_length: the longest prompt, in tokens.
        longest_reply: in tokens.
        inputs: kinds of input that the endpoint says it takes.
        outputs: kinds of output.
        quality_index: None where no row was measured.
    """

    context_length: int | None
    longest_reply: int | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    quality_index: QualityIndex | None


@dataclass(frozen=True, slots=True)
class Samples:
    """Replies recorded live; ``refusal`` is None where the endpoint refused nothing."""

    reply: Exchange
    refusal: Exchange | None


@dataclass(frozen=True, slots=True)
class SafetyEvaluations:
    """What was measured of the model's safety, and what was not."""

    rows: tuple[Row, ...]
    unmeasured: tuple[Unmeasured, ...]


@dataclass(frozen=True, slots=True)
class Evaluations:
    """The table of benchmarks.

    Arguments:
        rows: in the order of the hosted model's card.
        compared_with: what the published figures are of.
        methodology: what is true of every figure.
    """

    rows: tuple[Row, ...]
    compared_with: str
    methodology: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A model card: a field for every section.

    Arguments:
        model: the id under which the endpoint serves the model.
        display_name: what the endpoint calls it.
        generated: when, in ISO 8601, UTC.
        generator: what made the card.
        endpoint: the file with what the endpoint said, relative to the card.
        performance: what the endpoint offers to get more out of the model.
        metadata: what is stated of the model, each with its source.
    """

    model: str
    display_name: str
    generated: str
    generator: str
    endpoint: str
    key_capabilities: tuple[Capability, ...]
    use_cases: tuple[UseCase, ...]
    sample_responses: Samples
    performance: tuple[Advice, ...]
    assets: tuple[Evidence, ...]
    metadata: Metadata
    safety_evaluations: SafetyEvaluations
    known_limitations: tuple[str, ...]
    evaluations: Evaluations
    specifications: Specifications
