"""Continuous batching: which tokens of which jobs the next step computes.

A sequence has tokens known (prompt and reply) and tokens computed; the difference is its work.
One token of work is a decode, more is prefill, and a preempted sequence simply has everything to
compute again. Pure: no native code, no clock, no text. The caller alternates ``plan`` and
``commit`` on one thread; the same calls always make the same decisions.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from senryu.core import FinishReason, Job
from senryu.engine.base import EngineStatus
from senryu.engine.llama.cache import PrefixCache
from senryu.engine.llama.slots import AuditError, Operation, Slots

__all__ = ["Limits", "Outcome", "Row", "Running", "Scheduler", "Step"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the scheduler may do in one step and in all.

    Arguments:
        max_running: sequences in memory that generate.
        max_queued: jobs that may wait beyond those for which there is a free place.
        step_tokens: prompt tokens of a step in which nothing decodes.
        prefill_chunk: prompt tokens of a step in which something decodes.
        reuse: whether finished sequences are kept for their prefixes.
    """

    max_running: int
    max_queued: int
    step_tokens: int
    prefill_chunk: int
    reuse: bool


@dataclass(slots=True, eq=False)
class Running:
    """A job's life in the scheduler; ``seq`` is None while it waits.

    ``tokens`` are all that are known, of which the first ``num_computed`` are in KV memory.
    """

    job: Job
    arrival: int
    tokens: list[int] = field(default_factory=list[int])
    num_computed: int = 0
    seq: int | None = None
    num_cached: int = 0
    started: bool = False

    @property
    def num_generated(self) -> int:
        """Length of the reply so far."""
        return len(self.tokens) - len(self.job.tokens)

    @property
    def num_pending(self) -> int:
        """Tokens known and not computed; 1 is a decode."""
        return len(self.tokens) - self.num_computed


@dataclass(frozen=True, slots=True)
class Row:
    """``count`` tokens of one sequence to compute, from position ``start``.

    ``sample`` says that they are the last known ones, so that the next token comes out.
    """

    running: Running
    seq: int
    start: int
    count: int
    sample: bool

    @property
    def tokens(self) -> list[int]:
        """The token ids to compute."""
        return self.running.tokens[self.start : self.start + self.count]


@dataclass(frozen=True, slots=True)
class Step:
    """Memory operations to replay first, then one batch of rows, which may be empty."""

    operations: tuple[Operation, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step meant for one job: a token, an end, or both.

    ``num_cached`` is above 0 only in a job's first outcome.
    """

    job: Job
    token: int | None
    finish: FinishReason | None
    num_cached: int


class Scheduler:
    """Queue, running set and memory of one model.

    Arguments:
        slots: the memory; nobody else changes it but ``cache``.
        cache: where finished sequences go, on the same ``slots``.
        limits: bounds of the above.
        end_tokens: tokens that end a reply.
    """

    def __init__(
        self, slots: Slots, cache: PrefixCache, *, limits: Limits, end_tokens: Container[int]
    ) -> None:
        self._slots = slots
        self._cache = cache
        self._limits = limits
        self._end_tokens = end_tokens
        self._queues: dict[str, deque[Running]] = {}
        self._running: list[Running] = []  # oldest first
        self._num_arrived = 0
        self._num_prefilled = 0
        self._num_cached = 0
        self._num_generated = 0
        self._num_preemptions = 0

    @property
    def has_work(self) -> bool:
        """Whether any job is queued or running."""
        return bool(self._running) or bool(self._queues)

    @property
    def num_queued(self) -> int:
        """Jobs without a sequence."""
        return sum(len(queue) for queue in self._queues.values())

    def status(self) -> EngineStatus:
        """Load and totals now."""
        return EngineStatus(
            ready=True,
            num_running=len(self._running),
            num_queued=self.num_queued,
            num_cells=self._slots.num_cells,
            num_used_cells=self._slots.num_used_cells,
            num_cache_entries=len(self._cache),
            num_prefilled_tokens=self._num_prefilled,
            num_cached_tokens=self._num_cached,
            num_generated_tokens=self._num_generated,
            num_preemptions=self._num_preemptions,
        )

    def submit(self, job: Job) -> bool:
        """Queue a job; False when the queue is full.

        ``len(job.tokens) + job.max_tokens`` must not be more than there are cells.
        """
        num_places = self._limits.max_running - len(self._running)
        if self.num_queued >= self._limits.max_queued + num_places:
            return False
        self._num_arrived += 1
        self._enqueue(Running(job, self._num_arrived, list(job.tokens)))
        return True

    def cancel(self, job_id: str) -> bool:
        """Forget a job and free its cells; False when it is not here (any more)."""
        for running in self._running:
            if running.job.id == job_id:
                self._stop(running)
                return True
        for workspace, queue in self._queues.items():
            for queued in queue:
                if queued.job.id == job_id:
                    queue.remove(queued)
                    self._forget_if_empty(workspace)
                    return True
        return False

    def plan(self) -> Step:
        """Admit what fits, make room, and choose the tokens of the next step."""
        self._admit()
        self._make_room()
        rows = [self._row(running, 1) for running in self._running if running.num_pending == 1]
        budget = self._limits.prefill_chunk if rows else self._limits.step_tokens
        for running in self._running:
            if running.num_pending > 1 and budget > 0:
                rows.append(self._row(running, min(budget, running.num_pending)))
                budget -= rows[-1].count
        for row in rows:
            self._slots.grow(row.seq, row.count)
        return Step(self._slots.take_journal(), tuple(rows))

    def commit(self, step: Step, sampled: Sequence[int]) -> list[Outcome]:
        """Take a computed step's results.

        Arguments:
            step: what ``plan`` returned last; no other call came between.
            sampled: one token for each row with ``sample``, in their order.
        """
        outcomes: list[Outcome] = []
        tokens = iter(sampled)
        for row in step.rows:
            running = row.running
            running.num_computed += row.count
            self._num_prefilled += row.count if row.count > 1 else 0
            if row.sample:
                outcomes.append(self._extend(running, next(tokens)))
        return outcomes

    def audit(self) -> None:
        """Prove that every sequence id has one owner and covers what the owner computed.

        Raises:
            AuditError: it does not add up.
        """
        self._slots.audit()
        self._cache.audit()
        owned = [running.seq for running in self._running]
        if sorted([*owned, *self._cache.seqs], key=str) != sorted(self._slots.seqs, key=str):
            raise AuditError("sequence ids and their owners differ")
        for running in self._running:
            if running.seq is None or self._slots.length(running.seq) != running.num_computed:
                raise AuditError(f"job {running.job.id} computed what its sequence does not hold")

    def _row(self, running: Running, count: int) -> Row:
        assert running.seq is not None
        sample = count == running.num_pending
        return Row(running, running.seq, running.num_computed, count, sample)

    def _extend(self, running: Running, token: int) -> Outcome:
        num_cached = 0 if running.started else running.num_cached
        running.started = True
        if token in self._end_tokens:
            self._retire(running)
            return Outcome(running.job, None, FinishReason.END, num_cached)
        running.tokens.append(token)
        self._num_generated += 1
        if running.num_generated < running.job.max_tokens:
            return Outcome(running.job, token, None, num_cached)
        self._retire(running)
        return Outcome(running.job, token, FinishReason.LENGTH, num_cached)

    def _retire(self, running: Running) -> None:
        if not self._limits.reuse:
            self._stop(running)
            return
        assert running.seq is not None
        self._running.remove(running)
        computed = running.tokens[: running.num_computed]
        self._cache.insert(running.job.workspace, computed, running.seq)
        running.seq = None

    def _stop(self, running: Running) -> None:
        assert running.seq is not None
        self._running.remove(running)
        self._slots.release(running.seq)
        running.seq = None
        running.num_computed = 0

    # Queue

    def _enqueue(self, running: Running) -> None:
        queue = self._queues.setdefault(running.job.workspace, deque())
        if queue and queue[0].arrival > running.arrival:
            queue.appendleft(running)  # preempted: it was here before those that never ran
        else:
            queue.append(running)

    def _forget_if_empty(self, workspace: str) -> None:
        if not self._queues[workspace]:
            del self._queues[workspace]

    def _next_workspace(self) -> str:
        num_running = dict.fromkeys(self._queues, 0)
        for running in self._running:
            if running.job.workspace in num_running:
                num_running[running.job.workspace] += 1
        return min(
            self._queues, key=lambda name: (num_running[name], self._queues[name][0].arrival)
        )

    def _admit(self) -> None:
        while self._queues and len(self._running) < self._limits.max_running:
            workspace = self._next_workspace()
            running = self._queues[workspace][0]
            if not self._place(running):
                return  # the next in turn waits for memory; letting others pass could starve it
            self._queues[workspace].popleft()
            self._forget_if_empty(workspace)
            self._running.append(running)
            self._running.sort(key=lambda each: each.arrival)

    def _place(self, running: Running) -> bool:
        """Give a queued job a sequence and its cached prefix, if its known tokens fit."""
        if not self._slots.num_free_seqs and not self._cache.evict():
            return False
        hit = None
        if self._limits.reuse:
            hit = self._cache.lookup(running.job.workspace, running.tokens)
        # The last known token is always computed: sampling needs its logits.
        length = min(hit.length, len(running.tokens) - 1) if hit else 0
        seq = self._slots.acquire()
        if hit and length:
            self._slots.share(hit.seq, seq, length)
        promised = sum(each.num_pending for each in self._running)
        if not self._free(promised + len(running.tokens) - length):
            self._slots.release(seq)
            return False
        running.seq = seq
        running.num_computed = length
        self._num_cached += length
        if not running.started:
            running.num_cached = length
        return True

    # Memory

    def _free(self, count: int) -> bool:
        """Have ``count`` free cells, evicting cache entries as needed."""
        while self._slots.num_free_cells < count:
            if not self._cache.evict():
                return False
        return True

    def _make_room(self) -> None:
        """Preempt the youngest until everything known to the others fits."""
        while not self._free(sum(running.num_pending for running in self._running)):
            youngest = self._running[-1]
            self._stop(youngest)
            self._enqueue(youngest)
            self._num_preemptions += 1
