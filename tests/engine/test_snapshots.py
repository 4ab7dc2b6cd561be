"""Saved blocks: what comes back is what was put, or nothing, within lives and bounds."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senryu.engine.llama.snapshots import SnapshotStats
from tests.engine.snapshot_places import (
    FLUSH_S,
    HOUR,
    LARGE,
    START,
    Place,
    block,
    held,
    key,
    put,
    rewrite,
)

# Lives


def test_blocks_with_a_lifetime_survive_a_restart_and_others_do_not(place: Place) -> None:
    store = place.open()
    put(store, "lives")
    put(store, "does not", lifetime_s=0)
    assert held(store, "lives", "does not") == ["lives", "does not"]
    store = place.reopen()
    assert key("lives") in store
    assert key("does not") not in store
    assert held(store, "lives", "does not") == ["lives"]


def test_an_expired_file_is_gone_and_its_block_stays_usable_in_ram(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=300)
    assert store.flush(FLUSH_S)
    place.clock.now += 301
    assert store.flush(FLUSH_S)
    assert not place.files
    assert held(store, "a") == ["a"]
    assert store.stats.num_blocks == 1
    assert key("a") not in place.reopen()


def test_files_that_expire_while_nothing_runs_are_deleted_at_the_next_start(place: Place) -> None:
    put(place.open(), "short", lifetime_s=300)
    put(place.open(), "long")
    for store in place.opened:
        assert store.flush(FLUSH_S)
    place.close()
    place.clock.now += 301
    store = place.open()
    assert [path.stem for path in place.files] == [key("long")]
    assert held(store, "short", "long") == ["long"]


def test_a_longer_life_moves_the_end_without_writing_the_file_again(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=300)
    assert store.flush(FLUSH_S)
    before = place.file("a").stat()
    store.extend([key("a")], START + 600)
    store = place.reopen()
    after = place.file("a").stat()
    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    place.clock.now += 599
    assert held(store, "a") == ["a"]
    place.clock.now += 2
    assert held(place.reopen(), "a") == []


def test_a_life_is_never_made_shorter(place: Place) -> None:
    store = place.open()
    put(store, "a")
    store.extend([key("a")], START + 300)
    store.put(key("a"), "team", block("a"))
    store = place.reopen()
    place.clock.now += 301
    assert held(store, "a") == ["a"]


def test_a_block_that_had_no_lifetime_is_written_once_it_gets_one(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=0)
    assert store.flush(FLUSH_S)
    assert not place.files
    store.extend([key("a"), key("nobody")], START + 300)
    assert held(place.reopen(), "a", "nobody") == ["a"]


def test_a_new_block_replaces_the_old_one_on_disk_too(place: Place) -> None:
    store = place.open()
    put(store, "a", size=100)
    assert store.flush(FLUSH_S)
    store.put(key("a"), "team", block("a", 200))
    assert store.get(key("a")) == block("a", 200)
    assert place.reopen().get(key("a")) == block("a", 200)


def test_a_malformed_key_is_refused(place: Place) -> None:
    store = place.open()
    for wrong in ("", "../../etc/passwd", key("a")[:-1], key("a").upper(), "z" * 64):
        with pytest.raises(ValueError, match="hexadecimal"):
            store.put(wrong, "team", b"")


# Clearing


def test_a_cleared_namespace_is_gone_at_once_and_after_a_restart(place: Place) -> None:
    store = place.open()
    put(store, "written")
    assert store.flush(FLUSH_S)
    put(store, "just queued")
    store.put(key("other"), "other team", block("other"), expires=START + HOUR)
    store.forget("team")
    assert held(store, "written", "just queued", "other") == ["other"]
    assert held(place.reopen(), "written", "just queued", "other") == ["other"]
    assert [path.stem for path in place.files] == [key("other")]


def test_when_all_namespaces_are_cleared_nothing_is_left(place: Place) -> None:
    store = place.open(ram=2000)
    put(store, *"abc")
    assert store.flush(FLUSH_S)
    put(store, "d")
    store.put(key("other"), "other team", block("other"), expires=START + HOUR)
    store.forget("team")
    store.forget("other team")
    assert store.stats == SnapshotStats(num_blocks=0, ram_bytes=0, disk_bytes=0)
    assert store.flush(FLUSH_S)
    assert not place.files


def test_a_namespace_cleared_and_filled_again_keeps_what_came_after(place: Place) -> None:
    store = place.open()
    put(store, "a")
    assert store.flush(FLUSH_S)
    store.forget("team")
    put(store, "a")
    assert held(place.reopen(), "a") == ["a"]


# The list of entries


def test_the_last_list_of_entries_is_read_back(place: Place) -> None:
    store = place.open()
    assert store.read_entries() is None
    for number in range(20):
        store.write_entries(b"list %d" % number)
    assert store.read_entries() == b"list 19"
    store = place.reopen()
    assert store.read_entries() == b"list 19"
    assert store.stats.num_blocks == 0


# Bounds


def test_ram_keeps_living_blocks_longest_and_among_equals_those_used_last(place: Place) -> None:
    store = place.open(ram=3000, disk=0)
    put(store, "living")
    put(store, "old", "used", lifetime_s=0)
    assert held(store, "old", "used") == ["old", "used"]
    put(store, "new", lifetime_s=0)
    assert held(store, "living", "old", "used", "new") == ["living", "used", "new"]
    place.clock.now += HOUR + 1  # nothing protects it any more
    assert held(store, "used", "new") == ["used", "new"]
    put(store, "newer", lifetime_s=0)
    assert held(store, "living", "used", "new", "newer") == ["used", "new", "newer"]


def test_the_first_block_of_an_extended_prefix_is_given_up_last(place: Place) -> None:
    store = place.open(ram=3000, disk=0)
    put(store, "1", "2", "3")
    store.extend([key("1"), key("2"), key("3")], START + HOUR)
    put(store, "other")
    assert held(store, "1", "2", "3", "other") == ["1", "2", "other"]


def test_a_block_beyond_the_bound_is_not_kept(place: Place) -> None:
    store = place.open(ram=999, disk=LARGE)
    put(store, "a")
    assert held(store, "a") == []
    assert store.flush(FLUSH_S)
    assert not place.files


def test_a_block_in_ram_and_on_disk_counts_once(place: Place) -> None:
    store = place.open(ram=2000)
    put(store, "a")
    assert store.flush(FLUSH_S)
    assert (store.stats.num_blocks, len(place.files)) == (1, 1)
    put(store, "b", "c", lifetime_s=0)
    assert (store.stats.num_blocks, store.stats.ram_bytes) == (3, 2000)
    assert held(store, "a") == ["a"]  # instead of "b", which was only in RAM
    assert (store.stats.num_blocks, store.stats.ram_bytes) == (2, 2000)
    assert place.reopen().stats.num_blocks == 1


def test_blocks_that_left_ram_come_back_from_disk(place: Place) -> None:
    store = place.open(ram=2000)
    for name in "abcd":
        put(store, name)
        assert store.flush(FLUSH_S)
    assert store.stats.ram_bytes == 2000
    assert store.stats.num_blocks == 4
    assert held(store, *"abcd") == list("abcd")
    assert store.stats.ram_bytes == 2000


def test_a_living_block_is_protected_in_ram_only_until_it_is_on_disk(place: Place) -> None:
    store = place.open(ram=2000)
    put(store, "on disk")
    assert store.flush(FLUSH_S)
    put(store, "only here", "new", lifetime_s=0)
    assert held(store, "only here", "new", "on disk") == ["only here", "new", "on disk"]


def test_the_disk_gives_up_what_expires_first(place: Place) -> None:
    store = place.open(disk=3500)
    for name, lifetime_s in (("short", 300), ("long", HOUR), ("middle", 600), ("new", 300)):
        put(store, name, lifetime_s=lifetime_s)
        assert store.flush(FLUSH_S)
    assert store.stats.disk_bytes == sum(path.stat().st_size for path in place.files) <= 3500
    assert {path.stem for path in place.files} == {key("long"), key("middle"), key("new")}


def test_a_smaller_bound_holds_after_a_restart(place: Place) -> None:
    put(place.open(), *"abcdef")
    place.reopen().close()
    store = place.open(disk=2500)
    assert store.flush(FLUSH_S)
    assert len(place.files) == 2
    assert store.stats.disk_bytes == sum(path.stat().st_size for path in place.files)


# A clock that moves


def test_no_life_is_longer_than_the_longest_lifetime_after_the_clock_moved_back(
    place: Place,
) -> None:
    store = place.open()
    put(store, "a")
    assert store.flush(FLUSH_S)
    place.clock.now -= 10 * HOUR
    assert key("a") in store
    place.clock.now += HOUR + 1
    assert store.flush(FLUSH_S)
    assert not place.files


def test_no_life_is_longer_after_the_clock_moved_back_between_two_runs(place: Place) -> None:
    put(place.open(), "a")
    place.reopen().close()
    place.clock.now -= 10 * HOUR
    place.open(fingerprint="another model").close()  # meets the file as a stranger
    place.clock.now += HOUR / 2
    store = place.open()
    assert key("a") in store
    place.clock.now += HOUR / 2 + 1
    assert key("a") not in store


def test_a_lifetime_beyond_the_longest_is_cut(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=100 * HOUR)
    store.extend([key("a")], START + 1e9)
    store = place.reopen()
    place.clock.now += HOUR + 1
    assert key("a") not in store


def test_a_clock_that_jumped_ahead_costs_blocks_and_nothing_else(place: Place) -> None:
    store = place.open()
    put(store, "a")
    assert store.flush(FLUSH_S)
    place.clock.now += 1000 * HOUR
    assert store.flush(FLUSH_S)
    assert not place.files
    place.clock.now -= 1000 * HOUR
    put(store, "b")
    assert held(place.reopen(), "a", "b") == ["b"]


# Anything, in any order

NAMESPACES = ("", "team", "other team")


@dataclass(frozen=True)
class Operation:
    name: str
    number: int
    size: int
    seconds: float


OPERATIONS = st.lists(
    st.builds(
        Operation,
        st.sampled_from(
            ["put"] * 6 + ["get", "extend", "forget", "clock", "flush", "reopen", "damage"]
        ),
        st.integers(0, 8),
        st.integers(0, 900),
        st.sampled_from([HOUR, 299.0, 301.0, 2 * HOUR, 0.0, -1.0, -HOUR, -1e6]),
    ),
    min_size=10,
    max_size=40,
)


class Traffic:
    """Random operations on a store, and what a dictionary would have done."""

    def __init__(self, folder: Path, ram: int, disk: int) -> None:
        self.place = Place(folder)
        self.ram = ram
        self.disk = disk
        self.store = self.place.open(ram=ram, disk=disk)
        self.model: dict[str, bytes] = {}
        self.num_puts = 0

    def run(self, operation: Operation) -> None:
        name = key(str(operation.number))
        owner = NAMESPACES[operation.number % 3]
        expires = self.place.clock.now + operation.seconds
        match operation.name:
            case "put":
                self.num_puts += 1
                self.model[name] = block(f"{self.num_puts}", operation.size)
                self.store.put(name, owner, self.model[name], expires=expires)
            case "get":
                assert self.store.get(name) in (None, self.model.get(name))
            case "extend":
                names = [key(str(number)) for number in range(operation.number)]
                self.store.extend(names, expires)
            case "forget":
                self.store.forget(owner)
                for number in range(9):
                    if NAMESPACES[number % 3] == owner:
                        self.model.pop(key(str(number)), None)
                        assert key(str(number)) not in self.store
            case "clock":
                self.place.clock.now += operation.seconds
            case "flush":
                assert self.store.flush(FLUSH_S)
            case "reopen":
                assert self.store.flush(FLUSH_S)
                self.store.close()
                self.store = self.place.open(ram=self.ram, disk=self.disk)
            case _:
                self.damage(operation)

    def damage(self, operation: Operation) -> None:
        assert self.store.flush(FLUSH_S)
        for path in self.place.files[: operation.number]:
            data = path.read_bytes()
            keep = data[: len(data) * operation.size // 900]
            rewrite(path, keep + bytes(operation.number) + data[len(keep) + 1 :])

    def check(self) -> None:
        stats = self.store.stats
        assert 0 <= stats.ram_bytes <= self.ram
        assert 0 <= stats.disk_bytes <= self.disk


@given(OPERATIONS)
@settings(max_examples=60)
def test_a_block_comes_back_as_it_was_put_or_not_at_all(operations: list[Operation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        traffic = Traffic(Path(folder), ram=2500, disk=4000)
        for operation in operations:
            traffic.run(operation)
            traffic.check()
        assert traffic.store.flush(FLUSH_S)
        num_held = sum(key(str(number)) in traffic.store for number in range(9))
        assert traffic.store.stats.num_blocks == num_held
        if not any(operation.name == "damage" for operation in operations):
            assert sum(path.stat().st_size for path in traffic.place.files) <= 4000
        for name in traffic.model:
            assert traffic.store.get(name) in (None, traffic.model[name])
        traffic.place.close()


@given(OPERATIONS)
@settings(max_examples=40)
def test_within_its_bounds_a_store_loses_nothing_that_lives(operations: list[Operation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        traffic = Traffic(Path(folder), ram=LARGE, disk=LARGE)
        for operation in operations:
            if operation.name in ("clock", "damage", "reopen"):
                continue
            traffic.run(operation)
        for name, data in traffic.model.items():
            assert traffic.store.get(name) == data
        now = traffic.place.clock.now
        traffic.store.extend(list(traffic.model), now + 300)
        traffic.run(Operation("reopen", 0, 0, 0))
        for name, data in traffic.model.items():
            assert traffic.store.get(name) == data
        traffic.place.close()
