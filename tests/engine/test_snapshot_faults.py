"""Saved blocks whatever happens to the files: damage, full disks, kills, other processes."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from senryu.engine.llama.snapshots import SnapshotStore
from tests.engine.snapshot_places import (
    FLUSH_S,
    HOUR,
    START,
    Place,
    block,
    flip_a_byte,
    held,
    key,
    put,
    rewrite,
)

# Files that are not what they should be


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


def test_a_damaged_list_of_entries_is_none(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    store = place.open()
    store.write_entries(b"some list")
    assert store.flush(FLUSH_S)
    flip_a_byte(place.files[0])
    assert store.read_entries() is None
    assert "the list of snapshots cannot be read: its checksum is wrong" in caplog.text
    assert store.flush(FLUSH_S)
    assert not place.files


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


@pytest.mark.parametrize("position", range(0, 120, 7))
def test_a_damaged_header_is_noticed_before_anything_is_read(place: Place, position: int) -> None:
    put(place.open(), "a")
    place.reopen().close()
    data = bytearray(place.file("a").read_bytes())
    data[position] ^= 255
    rewrite(place.file("a"), bytes(data))
    assert key("a") not in place.open()


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
from tests.engine.snapshot_places import FLUSH_S, Place, held, put

place = Place(Path(sys.argv[1]))
store = place.open()
put(store, "before")
assert store.flush(FLUSH_S)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, most))
put(store, "large", "larger", size=200_000)
assert not store.flush(FLUSH_S)
assert held(store, "before", "large", "larger") == ["before", "large", "larger"]
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
from tests.engine.snapshot_places import FLUSH_S, Place, put

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
