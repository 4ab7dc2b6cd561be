"""The step loop's body: scheduler steps computed by the native context.

A runner belongs to one thread, which is the only one to touch the context; ``tokenize`` and
``prepare`` alone may be called from others. It knows neither sockets nor processes.
"""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from senryu.core import CachedPrefix, Chunk, EngineInfo, Job, Prompt, PromptTokens
from senryu.engine.base import EngineStatus
from senryu.engine.cache_folder import cache_folder
from senryu.engine.frames import JobChunk, WorkerConfig
from senryu.engine.llama.batch import Outcome, Row, Sampled, Step
from senryu.engine.llama.constrain import Grammars
from senryu.engine.llama.eyes import Eyes
from senryu.engine.llama.guide import prepare
from senryu.engine.llama.lifetimes import Lifetimes
from senryu.engine.llama.loading import Loaded
from senryu.engine.llama.native_batch import BatchRow
from senryu.engine.llama.pictures import position
from senryu.engine.llama.prefix_cache import RadixCache
from senryu.engine.llama.prompt_cache import CacheLimits, PromptCache
from senryu.engine.llama.replay import Replay
from senryu.engine.llama.reply import Reply
from senryu.engine.llama.sampler import Logits
from senryu.engine.llama.scheduler import Limits, Scheduler
from senryu.engine.llama.slots import Slots
from senryu.engine.llama.snapshots import SnapshotStore
from senryu.engine.llama.tokenizing import blind, tokenize

__all__ = ["Prepared", "Runner"]

# Cached cells slow every step down a little: a decode looks at all cells up to the last used one.
_CACHED_SHARE = 0.25
_RAM_SHARE = 0.125  # of the free memory, for blocks outside KV memory
_STATUS_S = 0.1  # how old the load may be that others know of

_logger = logging.getLogger("senryu.engine.runner")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job's reply, which has begun though nothing is computed yet."""

    reply: Reply
    begun: Sampled


def _ignore() -> None:
    """Nobody sleeps."""


class Runner:
    """Jobs in, chunks out, a step at a time.

    Arguments:
        loaded: the model.
        config: bounds.
        wake: called from another thread when a picture that a job waits for is ready or lost.
    """

    def __init__(
        self, loaded: Loaded, config: WorkerConfig, wake: Callable[[], None] = _ignore
    ) -> None:
        self._model = loaded.model
        self._context = loaded.context
        self._slots = Slots(loaded.context.num_cells, loaded.num_seqs)
        self._blocks = _open_blocks(loaded, config)
        self._replay = Replay(
            self._slots, loaded.context, self._blocks, keep=config.batch_invariant
        )
        self._cache = self._open_cache(loaded, config)
        self._eyes = None
        if loaded.projector is not None:
            self._eyes = Eyes(loaded.projector, wake=wake, max_run=loaded.max_run)
        limits = Limits(
            max_running=config.max_running,
            max_queued=config.max_queued,
            step_tokens=config.step_tokens,
            prefill_chunk=config.prefill_chunk,
            costs=loaded.step_costs if config.speculation else None,
            only_alone=config.batch_invariant,
            whole_pictures=self._eyes is not None and self._eyes.is_whole,
        )
        self._end_tokens = loaded.model.end_tokens()
        self._scheduler = Scheduler(
            self._slots,
            self._cache,
            limits=limits,
            end_tokens=self._end_tokens,
            sight=self._eyes,
        )
        self._grammars = Grammars(loaded.model)
        self._replies: dict[str, Reply] = {}
        self._step = Step((), ())
        self._status_due = 0.0
        self.info: EngineInfo = loaded.info

    @property
    def has_work(self) -> bool:
        """Whether ``step`` has anything to do."""
        return self._scheduler.has_work

    @property
    def last_step(self) -> Step:
        """What ``plan`` planned last, for those who watch a runner at work."""
        return self._step

    def status(self) -> EngineStatus:
        """Load and totals now."""
        stats = self._blocks.stats
        return dataclasses.replace(
            self._scheduler.status(),
            num_blocks=stats.num_blocks,
            ram_bytes=stats.ram_bytes,
            disk_bytes=stats.disk_bytes,
        )

    def status_after(self, chunks: Sequence[JobChunk]) -> EngineStatus | None:
        """The same after a step, None where no job ended and the last one asked for is new enough.

        Counting takes longer than a token of many replies may.
        """
        now = time.monotonic()
        if now < self._status_due and all(each.chunk.finish is None for each in chunks):
            return None
        self._status_due = now + _STATUS_S
        return self.status()

    def tokenize(self, prompt: Prompt) -> PromptTokens:
        """A prompt's tokens. Safe from any thread.

        Raises:
            SightError: a picture in it cannot be shown to the model.
        """
        return tokenize(self._model, prompt, blind if self._eyes is None else self._eyes.tokens)

    def prepare(self, job: Job) -> Prepared:
        """Begin a job's reply, which takes a while where there is a grammar to compile.

        Safe from any thread, of which it wants a stack of ``GRAMMAR_STACK_BYTES``.

        Raises:
            GrammarError: the job's grammar cannot be compiled.
        """
        rules = None
        if job.guide is not None and job.max_tokens > 0:
            rules = prepare(job.guide, self._model, self._grammars.compile)
        reply = Reply(job, self._model, end_tokens=self._end_tokens, rules=rules)
        return Prepared(reply, reply.begin())

    def submit(self, job: Job, prepared: Prepared | None = None) -> bool:
        """Queue a job; False when the queue is full.

        Arguments:
            job: the job.
            prepared: what ``prepare`` made of it, which raises here if it was not asked.

        Raises:
            SightError: the job's tokens show other pictures than it has.
        """
        prepared = prepared or self.prepare(job)
        spans = () if self._eyes is None else self._eyes.open(job)
        if not self._scheduler.submit(job, prepared.begun, spans):
            self._forget(job.id)
            return False
        self._replies[job.id] = prepared.reply
        return True

    def cancel(self, job_id: str) -> None:
        """Forget a job; one that has ended already is none."""
        self._scheduler.cancel(job_id)
        self._forget(job_id)

    def plan(self) -> list[JobChunk]:
        """Plan the next step; returns the first chunks of the jobs that begin with it.

        A step without rows while there is work means that every job waits for a picture. Jobs whose
        pictures are lost end here, with an error.

        Raises:
            NativeError: the native library failed; the runner cannot be used any more.
        """
        lost: list[JobChunk] = []
        for job_id, problem in self._eyes.take_failures() if self._eyes else ():
            self.cancel(job_id)
            lost.append(JobChunk(job_id, Chunk((), ""), f"a picture was lost: {problem}"))
        step = self._step = self._scheduler.plan()
        self._replay.play(step.operations, used=[row.seq for row in step.rows])
        begun = [JobChunk(placed.job.id, Chunk((), "", cache=placed.use)) for placed in step.placed]
        return lost + begun

    def compute(self) -> list[JobChunk]:
        """Compute what ``plan`` planned; returns what it produced.

        Raises:
            NativeError: the native library failed; the runner cannot be used any more.
        """
        step = self._step
        if not step.rows:
            return []
        rows = [self._batch_row(row) for row in step.rows]
        logits = self._context.decode(rows, spare_cells=self._slots.num_free_cells)
        outcomes = self._scheduler.commit(step, self._sample(step.rows, logits))
        return [self._chunk(outcome) for outcome in outcomes]

    def tidy(self) -> bool:
        """Save a little of what should be saved; False when there is nothing to do."""
        did = self._scheduler.tidy()
        self._replay.play(self._slots.take_journal())
        return did

    def cached(self, workspace: str) -> tuple[CachedPrefix, ...]:
        """What is kept of a workspace's prompts."""
        return self._cache.kept(workspace)

    def forget(self, workspace: str) -> None:
        """Drop it."""
        self._cache.forget(workspace)
        self._replay.play(self._slots.take_journal())

    def close(self, timeout_s: float) -> None:
        """Write down what should outlive the process."""
        while self.tidy():
            pass
        if not self._blocks.flush(timeout_s):
            _logger.warning("not every cached prefix was written to disk in %.0f s", timeout_s)
        self._blocks.close()

    def audit(self) -> None:
        """Prove the accounts, and that the native memory agrees with them.

        Raises:
            AuditError: they do not add up.
        """
        self._replay.play(self._slots.take_journal())
        self._scheduler.audit()
        self._replay.audit()

    def _sample(self, rows: Sequence[Row], logits: Logits) -> list[Sampled]:
        """For each sampled row what came out."""
        sampled: list[Sampled] = []
        first = 0
        for row in rows:
            if row.sample:
                end = first + 1 + len(row.draft)
                reply = self._replies[row.running.job.id]
                sampled.append(reply.sample(row.draft, logits[first:end]))
                first = end
        return sampled

    def _chunk(self, outcome: Outcome) -> JobChunk:
        reply = self._replies[outcome.job.id]
        if outcome.finish is not None:
            self._forget(outcome.job.id)
        return reply.chunk(outcome)

    def _forget(self, job_id: str) -> None:
        self._replies.pop(job_id, None)
        if self._eyes is not None:
            self._eyes.close(job_id)

    def _batch_row(self, row: Row) -> BatchRow:
        """A row as the native library wants it, a picture's with what is computed for it."""
        running, tokens = row.running, row.tokens
        start = position(running.spans, row.start) if running.spans else row.start
        if self._eyes is None or tokens[0] >= 0:
            return BatchRow(row.seq, start, tokens, _outputs(row))
        span = running.span_at(row.start)
        embeddings, run = self._eyes.rows(running.job.id, span.start)
        part = slice(row.start - span.start, row.start - span.start + row.count)
        positions = None if run.positions is None else run.positions[:, part]
        return BatchRow(row.seq, start, tokens, _outputs(row), embeddings[part], positions)

    def _open_cache(self, loaded: Loaded, config: WorkerConfig) -> PromptCache:
        lifetimes = Lifetimes()
        known = self._blocks.read_entries()
        if known is not None:
            try:
                lifetimes.restore(known, time.time())
            except ValueError:
                _logger.warning("the list of cached prefixes on disk cannot be read; it is ignored")
        limits = CacheLimits(
            max_entries=config.cache_entries if loaded.reuse else 0,
            max_tokens=int(loaded.context.num_cells * _CACHED_SHARE),
            cuttable=loaded.cuttable,
            saves=loaded.reuse and config.ram_bytes != 0,
        )
        entries = RadixCache(self._slots, cuttable=loaded.cuttable)
        return PromptCache(
            self._slots, entries, self._blocks, lifetimes=lifetimes, limits=limits, clock=time.time
        )


def _open_blocks(loaded: Loaded, config: WorkerConfig) -> SnapshotStore:
    free = psutil.virtual_memory().available
    max_ram_bytes = int(free * _RAM_SHARE) if config.ram_bytes is None else config.ram_bytes
    return SnapshotStore(
        fingerprint=loaded.fingerprint,
        folder=cache_folder() / "snapshots",
        max_ram_bytes=max_ram_bytes,
        max_disk_bytes=config.disk_bytes if loaded.reuse else 0,
    )


def _outputs(row: Row) -> int:
    return 1 + len(row.draft) if row.sample else 0
