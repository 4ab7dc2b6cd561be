"""The step loop's body: one scheduler step computed by the native context.

A runner belongs to one thread, which is the only one to touch the context; ``tokenize`` alone may
be called from others. It knows neither frames nor processes.
"""

from collections.abc import Sequence

from senryu.core import Chunk, EngineInfo, Job, Prompt
from senryu.engine.base import EngineStatus
from senryu.engine.frames import JobChunk, WorkerConfig
from senryu.engine.llama.binding import BatchRow, Model
from senryu.engine.llama.loading import Loaded
from senryu.engine.llama.naive_cache import NaiveCache
from senryu.engine.llama.replay import Replay
from senryu.engine.llama.sampler import Logits, Sampler, greedy
from senryu.engine.llama.scheduler import Limits, Outcome, Row, Scheduler
from senryu.engine.llama.slots import Slots
from senryu.engine.llama.text import TextDecoder

__all__ = ["Runner", "tokenize"]

# Cached cells slow every step down a little: a decode looks at all cells up to the last used one.
_CACHED_SHARE = 0.25


class _Reply:
    """What a job keeps between steps, preempted or not."""

    def __init__(self, job: Job) -> None:
        self.sampler = Sampler(job.sampling) if job.sampling.temperature > 0 else None
        self.decoder = TextDecoder()


class Runner:
    """Jobs in, chunks out, a step at a time."""

    def __init__(self, loaded: Loaded, config: WorkerConfig) -> None:
        self._model = loaded.model
        self._context = loaded.context
        self._slots = Slots(loaded.context.num_cells, loaded.num_seqs)
        self._replay = Replay(self._slots, loaded.context, keep=config.batch_invariant)
        limits = Limits(
            max_running=config.max_running,
            max_queued=config.max_queued,
            step_tokens=config.step_tokens,
            prefill_chunk=config.prefill_chunk,
            reuse=loaded.reuse,
        )
        self._scheduler = Scheduler(
            self._slots,
            NaiveCache(
                self._slots,
                max_entries=config.cache_entries,
                max_tokens=int(loaded.context.num_cells * _CACHED_SHARE),
            ),
            limits=limits,
            end_tokens=loaded.model.end_tokens(),
        )
        self._replies: dict[str, _Reply] = {}
        self.info: EngineInfo = loaded.info

    @property
    def has_work(self) -> bool:
        """Whether ``step`` has anything to do."""
        return self._scheduler.has_work

    def status(self) -> EngineStatus:
        """Load and totals now."""
        return self._scheduler.status()

    def submit(self, job: Job) -> bool:
        """Queue a job; False when the queue is full."""
        if not self._scheduler.submit(job):
            return False
        self._replies[job.id] = _Reply(job)
        return True

    def cancel(self, job_id: str) -> None:
        """Forget a job; one that has ended already is none."""
        self._scheduler.cancel(job_id)
        self._replies.pop(job_id, None)

    def step(self) -> list[JobChunk]:
        """Compute one step.

        Raises:
            NativeError: the native library failed; the runner cannot be used any more.
        """
        step = self._scheduler.plan()
        self._replay.play(step.operations, used=[row.seq for row in step.rows])
        if not step.rows:
            return []
        rows = [BatchRow(row.seq, row.start, row.tokens, row.sample) for row in step.rows]
        logits = self._context.decode(rows)
        outcomes = self._scheduler.commit(step, self._sample(step.rows, logits))
        return [self._chunk(outcome) for outcome in outcomes]

    def audit(self) -> None:
        """Prove the accounts, and that the native memory agrees with them.

        Raises:
            AuditError: they do not add up.
        """
        self._replay.play(self._slots.take_journal())
        self._scheduler.audit()
        self._replay.audit()

    def _sample(self, rows: Sequence[Row], logits: Logits) -> list[int]:
        sampled: list[int] = []
        for row in rows:
            if row.sample:
                sampler = self._replies[row.running.job.id].sampler
                choose = greedy if sampler is None else sampler.sample
                sampled.append(choose(logits[len(sampled)]))
        return sampled

    def _chunk(self, outcome: Outcome) -> JobChunk:
        job_id, token = outcome.job.id, outcome.token
        reply = self._replies[job_id]
        text = "" if token is None else reply.decoder.feed(self._model.piece(token))
        if outcome.finish is not None:
            del self._replies[job_id]
        tokens = () if token is None else (token,)
        return JobChunk(job_id, Chunk(tokens, text, outcome.finish, outcome.num_cached))


def tokenize(model: Model, prompt: Prompt) -> tuple[int, ...]:
    """A prompt's tokens, ``bos`` first where the model has it. Safe from any thread.

    Neighbouring texts are joined first, so that tokens do not depend on how a text was cut.
    """
    tokens: list[int] = []
    text = ""
    for segment in prompt.segments:
        if not segment.special:
            text += segment.text
            continue
        tokens += model.tokenize(text, special=False) if text else []
        tokens += model.tokenize(segment.text, special=True)
        text = ""
    tokens += model.tokenize(text, special=False) if text else []
    bos = model.bos
    if model.add_bos and bos is not None and tokens[:1] != [bos]:
        tokens.insert(0, bos)
    return tuple(tokens)
