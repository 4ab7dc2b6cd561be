"""Saved blocks: what comes back is what was put, or nothing, whatever happens to the files."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senryu.engine.llama.snapshots import SnapshotStore

START = 1_800_000_000.0
HOUR = 3600.0
FLUSH_S = 30.0
LARGE = 1 << 30


@dataclass
class Clock:
    """A wall clock that only tests move."""

    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """A folder, a clock, and the stores opened there."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    opened: list[SnapshotStore] = field(default_factory=list[SnapshotStore])

    def open(
        self, *, fingerprint: str = "model", ram: int = LARGE, disk: int = LARGE
    ) -> SnapshotStore:
        store = SnapshotStore(
            fingerprint=fingerprint,
            folder=self.folder,
            max_ram_bytes=ram,
            max_disk_bytes=disk,
            clock=self.clock,
        )
        self.opened.append(store)
        return store

    def reopen(self) -> SnapshotStore:
        """A restart that leaves no write undone."""
        assert self.opened[-1].flush(FLUSH_S)
        self.opened[-1].close()
        return self.open()

    def close(self) -> None:
        for store in self.opened:
            store.close()

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*/*.kv"))

    def file(self, name: str) -> Path:
        return next(path for path in self.files if path.stem == key(name))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path / "snapshots")
    yield place
    place.close()


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def block(name: str, size: int = 1000) -> bytes:
    return hashlib.shake_256(name.encode()).digest(size)


def put(store: SnapshotStore, *names: str, size: int = 1000, lifetime_s: float = HOUR) -> None:
    for name in names:
        store.put(key(name), "team", block(name, size), expires=START + lifetime_s)


def held(store: SnapshotStore, *names: str) -> list[str]:
    """Which blocks come back, each checked."""
    found: list[str] = []
    for name in names:
        data = store.get(key(name))
        assert data is None or data == block(name, len(data))
        found += [name] if data else []
    return found


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


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_are_kept(place: Place, kind: Callable[[bytes], bytes | memoryview]) -> None:
    store = place.open()
    store.put(key("a"), "team", kind(block("a")), expires=START + HOUR)
    assert held(store, "a") == ["a"]
    assert held(place.reopen(), "a") == ["a"]


def test_a_view_may_change_after_it_was_put(place: Place) -> None:
    buffer = bytearray(block("a"))
    store = place.open()
    store.put(key("a"), "team", memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert held(store, "a") == ["a"]


def test_an_expired_file_is_gone_and_its_block_stays_usable_in_ram(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=300)
    assert store.flush(FLUSH_S)
    place.clock.now += 301
    assert store.flush(FLUSH_S)
    assert not place.files
    assert held(store, "a") == ["a"]
    assert key("a") not in place.reopen()


def test_files_that_expire_while_nothing_runs_are_deleted_at_the_next_start(place: Place) -> None:
    put(place.open(), "short", lifetime_s=300)
    place.reopen()
    place.clock.now += 301
    store = place.reopen()
    assert held(store, "short") == []
    assert not place.files


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


def test_clearing_everything_leaves_no_file(place: Place) -> None:
    store = place.open()
    put(store, "a", "b")
    store.write_entries(b"entries")
    assert store.flush(FLUSH_S)
    put(store, "c")
    store.write_entries(b"more entries")
    store.forget(None)
    assert store.read_entries() is None
    assert store.flush(FLUSH_S)
    assert not place.files
    assert (store.stats.num_blocks, store.stats.ram_bytes, store.stats.disk_bytes) == (0, 0, 0)


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


def test_a_damaged_list_of_entries_is_none(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    store = place.open()
    store.write_entries(b"some list")
    assert store.flush(FLUSH_S)
    flip_a_byte(place.files[0])
    assert store.read_entries() is None
    assert "the list of snapshots cannot be read: its checksum is wrong" in caplog.text
    assert store.flush(FLUSH_S)
    assert not place.files


# Bounds


def test_ram_keeps_living_blocks_longest_and_among_equals_those_used_last(place: Place) -> None:
    store = SnapshotStore(
        fingerprint="model", folder=None, max_ram_bytes=3000, max_disk_bytes=0, clock=place.clock
    )
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


# Files that are not what they should be


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    rewrite(path, bytes(data))


def lie_about_the_length(path: Path) -> None:
    data = bytearray(path.read_bytes())
    offset = data.index((1000).to_bytes(8, "little"))
    data[offset : offset + 8] = (2**62).to_bytes(8, "little")
    rewrite(path, bytes(data))


def become_a_link(path: Path) -> None:
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


def become_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
    os.utime(path, (START + HOUR, START + HOUR))


def grow_beyond_any_disk(path: Path) -> None:
    expires = path.stat().st_mtime
    os.truncate(path, 2**40)
    os.utime(path, (expires, expires))


def rewrite(path: Path, data: bytes) -> None:
    expires = path.stat().st_mtime
    path.write_bytes(data)
    os.utime(path, (expires, expires))


DAMAGES: list[Callable[[Path], None]] = [
    flip_a_byte,
    lie_about_the_length,
    become_a_link,
    become_a_pipe,
    lambda path: rewrite(path, path.read_bytes()[:-1]),
    lambda path: rewrite(path, path.read_bytes() + b"x"),
    lambda path: rewrite(path, path.read_bytes()[:60]),
    lambda path: rewrite(path, b""),
    lambda path: rewrite(path, b"GGUF" + path.read_bytes()[4:]),
    grow_beyond_any_disk,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_a_miss_a_line_in_the_log_and_gone(
    place: Place, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    put(place.open(), "a", "whole")
    store = place.reopen()
    damage(place.file("a"))
    assert held(store, "a", "whole") == ["whole"]
    assert key("a") not in store
    assert len([line for line in caplog.messages if key("a") in line]) == 1
    assert store.flush(FLUSH_S)
    assert [path.stem for path in place.files] == [key("whole")]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_file_damaged_between_two_runs_is_a_miss(
    place: Place, caplog: pytest.LogCaptureFixture, damage: Callable[[Path], None]
) -> None:
    put(place.open(), "a", "whole")
    place.reopen().close()
    damage(place.file("a"))
    store = place.open(ram=2000, disk=10_000)
    assert held(store, "a", "whole") == ["whole"]
    assert key("a") in caplog.text
    assert store.flush(FLUSH_S)
    assert [path.stem for path in place.files] == [key("whole")]


def test_a_block_under_the_name_of_another_is_ignored(place: Place) -> None:
    put(place.open(), "a", "b")
    place.reopen().close()
    shutil.copy2(place.file("a"), place.file("b"))
    assert held(place.open(), "a", "b") == ["a"]


def test_a_block_of_another_fingerprint_is_ignored_wherever_it_lies(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    put(place.open(), "a")
    store = place.reopen()
    other = place.open(fingerprint="newer model")
    assert key("a") not in other
    put(other, "b")
    assert other.flush(FLUSH_S)
    other.close()
    shutil.copy2(place.file("a"), place.file("b").parent)
    other = place.open(fingerprint="newer model")
    assert held(other, "a", "b") == ["b"]
    assert "belongs to another model or version" in caplog.text
    assert held(store, "a") == ["a"]


def test_expired_files_of_older_models_are_deleted_and_living_ones_are_not(place: Place) -> None:
    put(place.open(fingerprint="old"), "short", lifetime_s=300)
    put(place.open(fingerprint="older"), "long")
    for store in place.opened:
        assert store.flush(FLUSH_S)
    place.close()
    place.clock.now += 301
    place.open(fingerprint="new")
    assert [path.stem for path in place.files] == [key("long")]
    assert len(list(place.folder.iterdir())) == 2


def test_only_the_user_can_look_into_the_files(place: Place) -> None:
    put(place.open(), "a")
    place.reopen()
    assert place.files[0].stat().st_mode & 0o777 == 0o600
    assert place.files[0].parent.stat().st_mode & 0o777 == 0o700


# A disk that fails


def test_a_folder_that_cannot_be_made_means_ram_only(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.folder.write_text("in the way")
    store = place.open()
    put(store, "a", "b")
    store.write_entries(b"list")
    assert not store.flush(FLUSH_S)
    assert held(store, "a", "b") == ["a", "b"]
    assert store.read_entries() == b"list"
    store.forget("team")
    assert held(store, "a", "b") == []
    messages = [message.split(":")[0] for message in caplog.messages]
    assert messages == ["snapshots cannot be read from disk", "snapshots cannot be written for now"]


def test_writing_begins_again_when_the_trouble_is_over(place: Place) -> None:
    place.folder.write_text("in the way")
    store = place.open()
    put(store, "a", "b")
    store.write_entries(b"list")
    assert not store.flush(FLUSH_S)
    place.folder.unlink()
    assert not store.flush(FLUSH_S)
    place.clock.now += 61
    assert store.flush(FLUSH_S)
    store = place.reopen()
    assert held(store, "a", "b") == ["a", "b"]
    assert store.read_entries() == b"list"


def test_a_pause_does_not_last_until_a_clock_that_moved_back_catches_up(place: Place) -> None:
    place.folder.write_text("in the way")
    store = place.open()
    put(store, "a")
    assert not store.flush(FLUSH_S)
    place.folder.unlink()
    place.clock.now -= 10 * HOUR
    assert not store.flush(FLUSH_S)
    place.clock.now += 61
    assert store.flush(FLUSH_S)


def test_equal_trouble_is_logged_once_a_minute(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    put(place.open(), *"abcd")
    store = place.reopen()
    for path in place.files:
        flip_a_byte(path)
    assert held(store, "a", "b") == []
    assert len(caplog.messages) == 1
    place.clock.now += 61
    assert held(store, "c") == []
    assert len(caplog.messages) == 2
    place.clock.now -= HOUR
    assert held(store, "d") == []
    assert len(caplog.messages) == 3


def test_a_folder_deleted_under_the_store_is_made_again(place: Place) -> None:
    put(place.open(), "a")
    store = place.reopen()
    shutil.rmtree(place.folder)
    assert held(store, "a") == []
    put(store, "b")
    store.extend([key("a"), key("b")], START + HOUR)
    assert held(place.reopen(), "a", "b") == ["b"]


def test_a_block_whose_file_vanished_is_written_again_with_its_next_life(place: Place) -> None:
    store = place.open()
    put(store, "a", lifetime_s=300)
    assert store.flush(FLUSH_S)
    place.file("a").unlink()
    store.extend([key("a")], START + HOUR)
    assert held(place.reopen(), "a") == ["a"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from tests.engine.test_snapshots import Clock, FLUSH_S, Place, held, put

place = Place(Path(sys.argv[1]))
store = place.open()
put(store, "before")
assert store.flush(FLUSH_S)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, most))
put(store, "large", "larger", size=200_000)
assert not store.flush(FLUSH_S)
assert held(store, "before", "large", "larger") == ["before", "large", "larger"]
assert store.stats.num_pending_bytes == 400_000
assert [path.name for path in place.folder.glob("*/*")] == [place.file("before").name]
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
place.clock.now += 61
assert store.flush(FLUSH_S)
assert held(place.reopen(), "before", "large", "larger") == ["before", "large", "larger"]
print("survived")
"""


def test_a_full_disk_pauses_writing_and_loses_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True
    )
    assert done.stdout == "survived\n", done.stderr


# Kills and neighbours

WRITE_UNTIL_KILLED = """
import itertools, sys
from pathlib import Path
from tests.engine.test_snapshots import FLUSH_S, Place, put

store = Place(Path(sys.argv[1])).open(ram=8_000_000)
for number in itertools.count():
    put(store, str(number), size=1_000_000)
    store.write_entries(b"0123456789" * 30_000)
    assert store.flush(FLUSH_S)
    print(number, flush=True)
"""


@pytest.mark.parametrize("num_written", [1, 4, 9])
def test_after_a_kill_only_whole_blocks_come_back(place: Place, num_written: int) -> None:
    command = [sys.executable, "-c", WRITE_UNTIL_KILLED, str(place.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for number in range(num_written):
            assert child.stdout.readline() == b"%d\n" % number
        child.kill()
        num_written += len(child.stdout.readlines())
    store = place.open()
    names = [str(number) for number in range(num_written + 1)]
    assert held(store, *names) in (names, names[:-1])
    assert all(len(store.get(key(name)) or b"") == 1_000_000 for name in names[:-1])
    assert store.read_entries() == b"0123456789" * 30_000
    assert all(path.suffix == ".kv" for path in place.folder.glob("*/*"))


def test_leftovers_go_and_the_file_that_another_store_is_writing_stays(place: Place) -> None:
    put(place.open(), "a")
    place.reopen().close()
    folder = place.file("a").parent
    (folder / "left.part").write_bytes(b"half a block")
    with (folder / "growing.part").open("wb") as growing:
        fcntl.flock(growing, fcntl.LOCK_EX)
        assert held(place.open(), "a") == ["a"]
        assert sorted(path.name for path in folder.glob("*.part")) == ["growing.part"]
    place.open()
    assert not list(folder.glob("*.part"))


def catch_writing(place: Place, store: SnapshotStore) -> None:
    """Return while a large block is being written; on a very busy machine, just afterwards."""
    put(store, "large", size=50_000_000, lifetime_s=300)
    while not any(place.folder.glob("*/*.part")) and not place.files:
        pass


def test_a_block_cleared_while_it_is_written_leaves_nothing(place: Place) -> None:
    store = place.open()
    catch_writing(place, store)
    store.forget("team")
    assert held(store, "large") == []
    assert store.flush(FLUSH_S)
    assert not place.files
    assert store.stats.disk_bytes == 0


def test_a_block_replaced_while_it_is_written_comes_back_as_the_new_one(place: Place) -> None:
    store = place.open()
    catch_writing(place, store)
    put(store, "large", size=10)
    store = place.reopen()
    assert store.get(key("large")) == block("large", 10)
    assert store.stats.num_blocks == 1


def test_a_life_prolonged_while_the_block_is_written_is_the_longer_one(place: Place) -> None:
    store = place.open()
    catch_writing(place, store)
    store.extend([key("large")], START + HOUR)
    place.clock.now += 301
    assert held(place.reopen(), "large") == ["large"]


def test_a_store_that_opens_leaves_the_file_that_another_is_writing(place: Place) -> None:
    store = place.open()
    catch_writing(place, store)
    place.open()
    assert store.flush(FLUSH_S)
    assert [path.stem for path in place.files] == [key("large")]


def test_two_stores_on_one_folder_take_nothing_but_misses_from_each_other(place: Place) -> None:
    put(place.open(), "shared", lifetime_s=300)
    one = place.reopen()
    other = place.open()
    put(one, "one's")
    put(other, "other's")
    assert held(one, "shared", "one's") == ["shared", "one's"]
    assert held(other, "shared", "other's") == ["shared", "other's"]
    one.extend([key("shared")], START + HOUR)
    assert one.flush(FLUSH_S)
    place.clock.now += 301
    assert other.flush(FLUSH_S)  # must not delete what it takes for expired
    assert place.file("shared").exists()
    one.forget("team")
    assert one.flush(FLUSH_S)
    assert other.flush(FLUSH_S)
    assert held(place.reopen(), "shared", "one's", "other's") == ["other's"]


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
