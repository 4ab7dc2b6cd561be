"""When native cells are given back, and what an audit of them notices."""

import pytest

from senryu.engine.llama.replay import Replay
from senryu.engine.llama.slots import AuditError, Slots


class FakeMemory:
    """Counts the tokens of each sequence."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}

    def copy_prefix(self, source: int, target: int, length: int) -> None:
        assert self.lengths[source] >= length
        assert not self.lengths.get(target)
        self.lengths[target] = length

    def clear(self, seq: int) -> None:
        self.lengths[seq] = 0

    def cut(self, seq: int, length: int) -> None:
        self.lengths[seq] = length

    def save(self, seq: int, start: int, end: int) -> bytes:
        assert end <= self.lengths[seq]
        return bytes(end - start)

    def load(self, seq: int, data: bytes) -> None:
        self.lengths[seq] = self.lengths.get(seq, 0) + len(data)

    def covered(self, seq: int) -> int:
        return self.lengths.get(seq, 0)


class FakeBlocks:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}

    def put(self, key: str, namespace: str, data: bytes, *, expires: float = 0.0) -> None:
        self.data[key] = data


def replayed(slots: Slots, memory: FakeMemory, *, keep: bool) -> Replay:
    return Replay(slots, memory, FakeBlocks(), keep=keep)


def filled(slots: Slots, memory: FakeMemory, count: int) -> int:
    seq = slots.acquire()
    slots.grow(seq, count)
    memory.lengths[seq] = memory.lengths.get(seq, 0) + count
    return seq


def test_cells_are_kept_until_they_are_needed() -> None:
    slots, memory = Slots(10, 4), FakeMemory()
    replay = replayed(slots, memory, keep=True)
    first = filled(slots, memory, 6)
    slots.release(first)
    replay.play(slots.take_journal())
    assert memory.covered(first) == 6
    replay.audit()
    second = filled(slots, memory, 5)
    replay.play(slots.take_journal(), used=[second])
    assert memory.covered(first) == 0
    replay.audit()


def test_cells_are_given_back_at_once_where_nothing_keeps_them() -> None:
    slots, memory = Slots(10, 4), FakeMemory()
    replay = replayed(slots, memory, keep=False)
    seq = filled(slots, memory, 6)
    slots.release(seq)
    replay.play(slots.take_journal())
    assert memory.covered(seq) == 0
    replay.audit()


def test_ids_are_given_back_before_they_are_used_again() -> None:
    slots, memory = Slots(10, 1), FakeMemory()
    replay = replayed(slots, memory, keep=True)
    seq = filled(slots, memory, 2)
    slots.release(seq)
    again = slots.acquire()
    slots.grow(again, 3)
    replay.play(slots.take_journal(), used=[again])
    assert memory.covered(again) == 0


def test_an_id_is_given_back_before_it_shares_a_prefix() -> None:
    slots, memory = Slots(10, 2), FakeMemory()
    replay = replayed(slots, memory, keep=True)
    source, gone = filled(slots, memory, 4), filled(slots, memory, 1)
    slots.release(gone)
    again = slots.acquire()
    slots.share(source, again, 3)
    replay.play(slots.take_journal())
    assert (again, memory.covered(again)) == (gone, 3)
    replay.audit()


def test_cells_are_cut_saved_and_loaded_as_the_account_says() -> None:
    slots, memory, blocks = Slots(20, 3), FakeMemory(), FakeBlocks()
    replay = Replay(slots, memory, blocks, keep=False)
    seq = filled(slots, memory, 6)
    slots.save(seq, 2, 5, key="block", namespace="a", expires=0.0)
    slots.cut(seq, 4)
    replay.play(slots.take_journal())
    assert len(blocks.data["block"]) == 3
    again = slots.acquire()
    slots.load(again, 3, blocks.data["block"])
    replay.play(slots.take_journal())
    assert (memory.covered(seq), memory.covered(again)) == (4, 3)
    replay.audit()


def test_what_was_kept_makes_room_for_what_is_loaded() -> None:
    slots, memory = Slots(10, 4), FakeMemory()
    replay = replayed(slots, memory, keep=True)
    first = filled(slots, memory, 6)
    slots.release(first)
    replay.play(slots.take_journal())
    slots.load(slots.acquire(), 5, bytes(5))
    replay.play(slots.take_journal())
    assert memory.covered(first) == 0
    replay.audit()


def test_the_audit_notices_a_difference() -> None:
    slots, memory = Slots(10, 2), FakeMemory()
    filled(slots, memory, 4)
    memory.lengths.clear()
    with pytest.raises(AuditError):
        replayed(slots, memory, keep=True).audit()
