"""What the scheduler speaks in: jobs on their way, rows, steps and what came of them. Data only."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from senryu.core import CacheUse, FinishReason, Job
from senryu.engine.llama.cache import Tokens, as_tokens
from senryu.engine.llama.pictures import Span, whole_length
from senryu.engine.llama.slots import Operation
from senryu.engine.llama.speculate import Speculation, StepCosts

__all__ = [
    "Flow",
    "Limits",
    "Outcome",
    "Placed",
    "Row",
    "Running",
    "Sampled",
    "Sight",
    "Step",
    "Totals",
]

Flow = tuple[str, bool]
"""Whose jobs are treated alike: a workspace, and whether they have priority."""

_PICTURES_AHEAD = 2  # looked at beforehand, while those before them are computed
_PRIORITY_WEIGHT = 4.0  # tokens that the priority tier gets for each of the standard tier's


@dataclass(frozen=True, slots=True)
class Limits:
    """What the scheduler may do in one step and in all.

    Arguments:
        max_running: sequences in memory that generate.
        max_queued: jobs that may wait beyond those for which there is a free place.
        step_tokens: prompt tokens of a step in which nothing decodes.
        prefill_chunk: prompt tokens of a step in which something decodes and one prompt waits.
        costs: what steps cost by their rows, for speculation; None does without.
        only_alone: whether to speculate only for a job that runs alone.
        whole_pictures: whether a run of a picture's tokens is computed in one step, however many.
    """

    max_running: int
    max_queued: int
    step_tokens: int
    prefill_chunk: int
    costs: StepCosts | None = None
    only_alone: bool = False
    whole_pictures: bool = False


class Sight(Protocol):
    """Pictures that are made ready beside the steps."""

    def look(self, job_id: str, starts: Sequence[int]) -> bool:
        """Have a job's next pictures made ready; whether the first of them is, if there is one."""
        ...


@dataclass(eq=False)
class Running:
    """A job's life in the scheduler; ``seq`` is None while it waits.

    ``tokens`` are all that are known, of which the first ``num_computed`` are in KV memory.

    Arguments:
        job: the job.
        arrival: greater for later ones.
        deadline: prompt tokens computed for anybody when it would be done if it had come first.
        speculation: what drafts its reply, if anything.
        begun: what the reply begins with, known before anything was sampled and not told yet.
        is_done: whether that is all of it.
        stops: positions where a step ends, because others go on from there or a state is kept.
        spans: the pictures in the prompt.
    """

    job: Job
    arrival: int
    deadline: int
    speculation: Speculation | None
    tokens: list[int] = field(default_factory=list[int])
    num_computed: int = 0
    seq: int | None = None
    placed: bool = False
    started: bool = False
    pinned_until: float = 0.0
    begun: tuple[int, ...] = ()
    is_done: bool = False
    stops: set[int] = field(default_factory=set[int])
    spans: tuple[Span, ...] = ()

    @property
    def flow(self) -> Flow:
        """Whose it is, for fairness."""
        return self.job.workspace, self.job.priority

    @property
    def weight(self) -> float:
        """Its flow's weight."""
        return _PRIORITY_WEIGHT if self.job.priority else 1.0

    @property
    def num_generated(self) -> int:
        """Length of the reply so far."""
        return len(self.tokens) - len(self.job.tokens)

    @property
    def wants_more(self) -> bool:
        """Whether its next token is to be sampled."""
        return not self.is_done and self.num_generated < self.job.max_tokens

    @property
    def num_pending(self) -> int:
        """Tokens known and not computed; 1 is a decode."""
        return len(self.tokens) - self.num_computed

    @property
    def to_next_stop(self) -> int:
        """Pending tokens up to where others go on from, or a state must be kept, if anywhere.

        Stopping there lets those others compute their own part in one step with the rest of this
        job's, before any of them decodes and leaves less of a step to prefill. A step also ends
        where a picture begins and where it ends.
        """
        stops = [stop for stop in self.stops if stop > self.num_computed]
        border = bisect_right(self._borders, self.num_computed)
        stops += self._borders[border : border + 1]
        return min([*stops, len(self.tokens)]) - self.num_computed

    @property
    def wanted(self) -> Tokens:
        """What may be shared of its tokens: the last one is always computed, and with it all of a
        picture that it is of, for sampling needs its logits."""
        tokens = as_tokens(self.tokens)
        return tokens[: whole_length(tokens, len(tokens) - 1)]

    @property
    def pictures_ahead(self) -> tuple[int, ...]:
        """Where the next pictures begin, the one that is being computed among them."""
        first = bisect_right(self.spans, self.num_computed, key=lambda span: span.end)
        return tuple(span.start for span in self.spans[first : first + _PICTURES_AHEAD])

    def span_at(self, index: int) -> Span:
        """The picture that a token of the prompt is of."""
        return self.spans[bisect_right(self.spans, index, key=lambda span: span.start) - 1]

    def begin_with(self, begun: "Sampled") -> None:
        """Let the reply begin with tokens that are known before anything is sampled."""
        tokens = tuple(begun.tokens[: self.job.max_tokens])
        self.begun = tokens
        self.tokens += tokens
        self.is_done = begun.is_done and len(tokens) == len(begun.tokens)
        if self.speculation is not None:
            self.speculation.extend(tokens)

    @cached_property
    def _borders(self) -> list[int]:
        return sorted({border for span in self.spans for border in (span.start, span.end)})

    @cached_property
    def prompt(self) -> Tokens:
        """The prompt as an array."""
        return as_tokens(self.job.tokens)


@dataclass(frozen=True, slots=True)
class Row:
    """``count`` known tokens of one sequence to compute from position ``start``, then a draft.

    ``sample`` says that they are the last known ones, so that the next token comes out, and with it
    a verdict on each token of the draft.
    """

    running: Running
    seq: int
    start: int
    count: int
    sample: bool
    draft: tuple[int, ...] = ()

    @property
    def tokens(self) -> list[int]:
        """The token ids to compute."""
        known = self.running.tokens[self.start : self.start + self.count]
        return [*known, *self.draft] if self.draft else known


@dataclass(frozen=True, slots=True)
class Placed:
    """A job got its place in memory for the first time."""

    job: Job
    use: CacheUse


@dataclass(frozen=True, slots=True)
class Step:
    """Memory operations to replay first, then one batch of rows, which may be empty."""

    operations: tuple[Operation, ...]
    rows: tuple[Row, ...]
    placed: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """What came out of a row that was sampled, or what a reply begins with.

    Arguments:
        tokens: that the reply goes on with; none that ends a reply.
        num_right: how many of the first of them were the row's draft, and so are computed.
        is_done: whether the reply ends behind them.
    """

    tokens: Sequence[int] = ()
    num_right: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step meant for one job: tokens, an end, or both."""

    job: Job
    tokens: tuple[int, ...]
    finish: FinishReason | None


@dataclass(slots=True)
class Totals:
    """Counts since the start: jobs placed, of these with something cached, and tokens."""

    prompts: int = 0
    hits: int = 0
    prefilled: int = 0
    cached: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
    preemptions: int = 0
