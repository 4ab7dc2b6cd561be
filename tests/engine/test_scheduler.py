"""The scheduler, its account of memory and the naive cache, over a model that is arithmetic."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import FinishReason, Job, Sampling
from senryu.engine.llama.naive_cache import NaiveCache
from senryu.engine.llama.scheduler import Limits, Scheduler, Step
from senryu.engine.llama.slots import AuditError, CopyPrefix, Slots

END = 99
LIMITS = Limits(max_running=4, max_queued=3, step_tokens=16, prefill_chunk=4, reuse=True)


class FakeMemory:
    """Native memory as lists of tokens, and the next token as a function of all before it."""

    def __init__(self) -> None:
        self.seqs: dict[int, list[int]] = {}

    def run(self, step: Step) -> list[int]:
        for operation in step.operations:
            if isinstance(operation, CopyPrefix):
                copied = self.seqs[operation.source][: operation.length]
                assert len(copied) == operation.length
                assert not self.seqs.get(operation.target)
                self.seqs[operation.target] = copied
            else:
                self.seqs[operation.seq] = []
        sampled: list[int] = []
        for row in step.rows:
            held = self.seqs.setdefault(row.seq, [])
            assert len(held) == row.start
            held += row.tokens
            if row.sample:
                sampled.append(next_token(held))
        return sampled


def next_token(tokens: list[int]) -> int:
    """Depends on every token before it, so a wrong cell anywhere shows."""
    value = 7
    for token in tokens:
        value = (value * 31 + token + 1) % 97
    return END if value == 13 else value


def expected_reply(job: Job) -> list[int]:
    tokens = list(job.tokens)
    for _ in range(job.max_tokens):
        token = next_token(tokens)
        if token == END:
            break
        tokens.append(token)
    return tokens[len(job.tokens) :]


@dataclass
class World:
    """A scheduler with its memory, and what every job got."""

    scheduler: Scheduler
    slots: Slots
    memory: FakeMemory
    replies: dict[str, list[int]]
    finished: dict[str, FinishReason]
    cached: dict[str, int]

    @classmethod
    def make(cls, num_cells: int = 64, limits: Limits = LIMITS, num_entries: int = 3) -> "World":
        slots = Slots(num_cells, limits.max_running + num_entries)
        cache = NaiveCache(slots, max_entries=num_entries, max_tokens=num_cells)
        scheduler = Scheduler(slots, cache, limits=limits, end_tokens={END})
        return cls(scheduler, slots, FakeMemory(), {}, {}, {})

    def step(self) -> Step:
        step = self.scheduler.plan()
        for outcome in self.scheduler.commit(step, self.memory.run(step)):
            reply = self.replies.setdefault(outcome.job.id, [])
            if outcome.token is not None:
                reply.append(outcome.token)
            if outcome.finish is not None:
                assert outcome.job.id not in self.finished
                self.finished[outcome.job.id] = outcome.finish
            self.cached[outcome.job.id] = self.cached.get(outcome.job.id, 0) + outcome.num_cached
        self.scheduler.audit()
        return step

    def run(self) -> None:
        while self.scheduler.has_work:
            assert self.step().rows


def job(job_id: str, tokens: list[int], max_tokens: int = 8, workspace: str = "a") -> Job:
    return Job(job_id, tuple(tokens), max_tokens, Sampling(0), workspace)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(  # submit: tokens, max_tokens, workspace
            st.lists(st.integers(0, 2), min_size=1, max_size=30),
            st.integers(1, 20),
            st.sampled_from(["a", "b"]),
        ),
        st.integers(0, 12),  # cancel: the number of the action that submitted
        st.none(),  # step
    ),
    max_size=40,
)


@given(actions=ACTIONS, num_cells=st.integers(50, 90))
def test_every_job_gets_its_own_reply_whatever_else_happens(
    actions: list[tuple[list[int], int, str] | int | None], num_cells: int
) -> None:
    world = World.make(num_cells)
    accepted: dict[str, Job] = {}
    for number, action in enumerate(actions):
        if isinstance(action, tuple):
            new = job(f"j{number}", action[0], action[1], action[2])
            if world.scheduler.submit(new):
                accepted[new.id] = new
        elif isinstance(action, int):
            cancelled = f"j{action}"
            if world.scheduler.cancel(cancelled):
                del accepted[cancelled]
        else:
            world.step()
    world.run()
    for job_id, each in accepted.items():
        assert world.replies[job_id] == expected_reply(each)
        length = len(world.replies[job_id])
        expected = FinishReason.LENGTH if length == each.max_tokens else FinishReason.END
        assert world.finished[job_id] == expected


def test_memory_too_small_for_all_preempts_and_loses_nothing() -> None:
    world = World.make(num_cells=40)
    each = [job(str(number), [number] * 6, 24) for number in range(4)]
    assert all(world.scheduler.submit(one) for one in each)
    world.run()
    assert world.scheduler.status().num_preemptions > 0
    assert world.replies == {one.id: expected_reply(one) for one in each}


def test_a_long_prompt_never_holds_up_a_running_stream() -> None:
    world = World.make(num_cells=256)
    world.scheduler.submit(job("stream", [1], 40))
    world.step()
    world.scheduler.submit(job("long", [2] * 100, 1))
    while "long" not in world.finished and "stream" not in world.finished:
        before = len(world.replies["stream"])
        step = world.step()
        assert len(world.replies["stream"]) == before + 1 or "stream" in world.finished
        assert sum(row.count for row in step.rows) <= 1 + LIMITS.prefill_chunk


def test_without_streams_a_prompt_gets_the_whole_step() -> None:
    world = World.make(num_cells=256)
    world.scheduler.submit(job("long", [2] * 100, 1))
    assert [row.count for row in world.step().rows] == [LIMITS.step_tokens]


def test_the_queue_is_bounded_beyond_free_places() -> None:
    world = World.make()
    accepted = [world.scheduler.submit(job(str(number), [1])) for number in range(8)]
    assert accepted == [True] * 7 + [False]


def test_the_workspace_with_fewest_running_goes_first() -> None:
    world = World.make(limits=Limits(2, 9, 16, 4, reuse=False))
    for number in range(4):
        world.scheduler.submit(job(f"a{number}", [1], 5, "a"))
    world.scheduler.submit(job("b", [1], 5, "b"))
    assert {row.running.job.id for row in world.step().rows} == {"a0", "b"}


def test_cancelling_frees_the_cells_at_once() -> None:
    world = World.make()
    world.scheduler.submit(job("gone", [1] * 10))
    world.step()
    assert world.slots.num_used_cells == 10
    assert world.scheduler.cancel("gone")
    assert not world.scheduler.cancel("gone")
    assert world.slots.num_used_cells == 0


def test_a_known_prefix_is_not_computed_again() -> None:
    world = World.make()
    world.scheduler.submit(job("first", [1] * 10, 2))
    world.run()
    world.scheduler.submit(job("second", [1] * 10 + [2], 2))
    world.scheduler.submit(job("foreign", [1] * 10 + [2], 2, "b"))
    world.run()
    assert world.cached == {"first": 0, "second": 10, "foreign": 0}
    assert world.replies["second"] == world.replies["foreign"]


def test_a_preempted_job_reports_its_cached_tokens_once() -> None:
    world = World.make(num_cells=40)
    world.scheduler.submit(job("first", [1] * 10, 1))
    world.run()
    world.scheduler.submit(job("old", [2] * 6, 30))
    world.scheduler.submit(job("young", [1] * 10, 28))
    world.run()
    assert world.cached["young"] == 9


def test_audits_notice_a_sequence_nobody_owns() -> None:
    world = World.make()
    world.slots.acquire()
    with pytest.raises(AuditError):
        world.scheduler.audit()


def test_slots_refuse_what_they_do_not_have() -> None:
    slots = Slots(4, 2)
    seq = slots.acquire()
    with pytest.raises(AuditError):
        slots.grow(seq, 5)
    slots.grow(seq, 4)
    other = slots.acquire()
    with pytest.raises(AuditError):
        slots.share(seq, other, 5)
    slots.share(seq, other, 3)
    slots.release(seq)
    assert slots.num_used_cells == 3
    slots.audit()
