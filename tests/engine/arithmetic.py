"""A scheduler with its cache over a model that is arithmetic, for tests of decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec

from senryu.core import CachePoint, CacheUse, FinishReason, Job, Sampling
from senryu.engine.llama.batch import Limits, Row, Sampled, Sight, Step
from senryu.engine.llama.lifetimes import Lifetimes
from senryu.engine.llama.naive_cache import NaiveCache
from senryu.engine.llama.prefix_cache import RadixCache
from senryu.engine.llama.prompt_cache import CacheLimits, PromptCache
from senryu.engine.llama.scheduler import Scheduler
from senryu.engine.llama.slots import CopyPrefix, Cut, LoadBlock, Release, SaveBlock, Slots
from senryu.engine.llama.speculate import StepCosts

__all__ = ["CHEAP_ROWS", "LIMITS", "SavedTokens", "World", "expected_reply", "job"]

END = 99
LIMITS = Limits(max_running=4, max_queued=3, step_tokens=16, prefill_chunk=4)
CHEAP_ROWS = StepCosts(((1, 1.0), (64, 1.5)))


class SavedTokens:
    """Blocks that hold the tokens themselves."""

    def __init__(self) -> None:
        self.data: dict[str, tuple[str, bytes]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def get(self, key: str) -> bytes | None:
        found = self.data.get(key)
        return found[1] if found else None

    def put(self, key: str, namespace: str, data: bytes, *, expires: float = 0.0) -> None:
        self.data[key] = namespace, data

    def extend(self, keys: Iterable[str], expires: float) -> None:
        pass

    def forget(self, namespace: str) -> None:
        self.data = {key: pair for key, pair in self.data.items() if pair[0] != namespace}

    def write_entries(self, data: bytes) -> None:
        pass


class FakeMemory:
    """Native memory as lists of tokens, and the next token as a function of all before it."""

    def __init__(self, blocks: SavedTokens, *, guided: bool) -> None:
        self.seqs: dict[int, list[int]] = {}
        self.blocks = blocks
        self.guided = guided

    def run(self, step: Step) -> list[Sampled]:
        for operation in step.operations:
            match operation:
                case CopyPrefix(source, target, length):
                    copied = self.seqs[source][:length]
                    assert len(copied) == length
                    assert not self.seqs.get(target)
                    self.seqs[target] = copied
                case Release(seq, _):
                    self.seqs[seq] = []
                case Cut(seq, length):
                    del self.seqs[seq][length:]
                case SaveBlock(seq, start, end, key, namespace, expires):
                    data = msgspec.msgpack.encode((start, self.seqs[seq][start:end]))
                    self.blocks.put(key, namespace, data, expires=expires)
                case LoadBlock(seq, data):
                    start, tokens = msgspec.msgpack.decode(data)
                    held = self.seqs.setdefault(seq, [])
                    assert len(held) == start
                    held += tokens
        return [sampled for row in step.rows if (sampled := self._compute(row)) is not None]

    def _compute(self, row: Row) -> Sampled | None:
        held = self.seqs.setdefault(row.seq, [])
        assert len(held) == row.start
        held += row.tokens
        known = len(held) - len(row.draft)
        if not row.sample:
            return None
        tokens: list[int] = []
        num_right = 0
        while num_right == len(tokens):
            taken, is_done = go_on(held[: known + num_right], guided=self.guided)
            tokens += taken
            if is_done:
                return Sampled(tokens, num_right, is_done=True)
            while [*row.draft, None][num_right] == [*tokens, -1][num_right]:
                num_right += 1
        return Sampled(tokens, num_right)


def next_token(tokens: Sequence[int]) -> int:
    """Depends on every token before it, so a wrong cell anywhere shows."""
    value = 7
    for token in tokens:
        value = (value * 31 + token + 1) % 97
    return END if value == 13 else value % 5


def go_on(tokens: Sequence[int], *, guided: bool) -> tuple[list[int], bool]:
    """What a reply goes on with, and whether it ends there. One that is guided now and then gets
    more tokens than the one that came out, or others, and may end without one that says so."""
    token = next_token(tokens)
    if token == END and not (guided and len(tokens) % 2):
        return [], True
    if not guided:
        return [token], False
    put = [(len(tokens) + index) % 3 for index in range(sum(tokens) % 9)]
    return {END: ([*put, 4], False), 2: ([token, *put], len(put) == 5)}.get(token, ([token], False))


def begin(job: Job, *, guided: bool) -> Sampled:
    """What a reply begins with."""
    if not guided:
        return Sampled()
    return Sampled(job.tokens[: job.tokens[0]], is_done=job.tokens[:2] == (2, 1))


def expected_reply(job: Job, *, guided: bool = False) -> tuple[list[int], FinishReason]:
    """A job's reply alone, and why it ends."""
    begun = begin(job, guided=guided)
    reply, is_done = list(begun.tokens), begun.is_done
    while not is_done and len(reply) < job.max_tokens:
        taken, is_done = go_on([*job.tokens, *reply], guided=guided)
        reply += taken
    is_cut = len(reply) > job.max_tokens or not is_done
    return reply[: job.max_tokens], FinishReason.LENGTH if is_cut else FinishReason.END


@dataclass
class World:
    """A scheduler with its memory, and what every job got."""

    scheduler: Scheduler
    slots: Slots
    cache: PromptCache
    memory: FakeMemory
    clock: list[float]
    replies: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    finished: dict[str, FinishReason] = field(default_factory=dict[str, FinishReason])
    uses: dict[str, CacheUse] = field(default_factory=dict[str, CacheUse])

    @classmethod
    def make(
        cls,
        num_cells: int = 64,
        limits: Limits = LIMITS,
        num_entries: int = 3,
        *,
        cuttable: bool = True,
        saves: bool = True,
        naive: bool = False,
        blocks: SavedTokens | None = None,
        guided: bool = False,
        sight: Sight | None = None,
    ) -> "World":
        slots = Slots(num_cells, limits.max_running + num_entries + 1)
        kind = NaiveCache if naive else RadixCache
        blocks = blocks or SavedTokens()
        clock = [1000.0]
        cache = PromptCache(
            slots,
            kind(slots, cuttable=cuttable),
            blocks,
            lifetimes=Lifetimes(),
            limits=CacheLimits(num_entries, num_cells, cuttable=cuttable, saves=saves),
            clock=lambda: clock[0],
        )
        scheduler = Scheduler(slots, cache, limits=limits, end_tokens={END}, sight=sight)
        return cls(scheduler, slots, cache, FakeMemory(blocks, guided=guided), clock)

    def step(self) -> Step:
        step = self.scheduler.plan()
        for placed in step.placed:
            assert placed.job.id not in self.uses
            self.uses[placed.job.id] = placed.use
        for outcome in self.scheduler.commit(step, self.memory.run(step)):
            assert outcome.job.id in self.uses
            self.replies.setdefault(outcome.job.id, []).extend(outcome.tokens)
            if outcome.finish is not None:
                assert outcome.job.id not in self.finished
                self.finished[outcome.job.id] = outcome.finish
        self.scheduler.audit()
        return step

    def run(self) -> None:
        while self.scheduler.has_work:
            assert self.step().rows

    def submit(self, job: Job) -> bool:
        return self.scheduler.submit(job, begin(job, guided=self.memory.guided))

    def ask(self, job: Job) -> list[int]:
        assert self.submit(job)
        self.run()
        return self.replies[job.id]


def job(
    job_id: str,
    tokens: list[int],
    max_tokens: int = 8,
    workspace: str = "a",
    *,
    points: Sequence[CachePoint] = (),
    priority: bool = False,
) -> Job:
    return Job(
        job_id,
        tuple(tokens),
        max_tokens,
        Sampling(0),
        workspace,
        cache_points=tuple(points),
        priority=priority,
    )
