"""Bytes by name: all of them come back, or none, or it is told."""

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path

import pytest

from senryu.errors import StartupError, StorageError
from senryu.store.blobs import BlobMissingError, Blobs, Written, open_blobs
from tests.contract.manifest import requirement

pytestmark = pytest.mark.anyio

NAME = "files/file_1"
MB = 1024 * 1024
PARTS = [b"a" * MB, b"", b"b" * 100, b"c" * (20 * MB)]


class GoneError(Exception):
    """A client went away."""


async def chunks(parts: Iterable[bytes], *, breaks: bool = False) -> AsyncIterator[bytes]:
    """Parts as they come from a client, who may go away after them."""
    for part in parts:
        yield part
    if breaks:
        raise GoneError


async def read_into(read: list[bytes], blobs: Blobs, expected: Written) -> None:
    """Add what is given of the name's bytes."""
    async with aclosing(blobs.read(NAME, expected)) as parts:
        async for part in parts:
            read.append(part)  # noqa: PERF401 what came before a failure is wanted too


async def whole(blobs: Blobs, expected: Written) -> bytes:
    """All bytes of the name."""
    read: list[bytes] = []
    await read_into(read, blobs, expected)
    return b"".join(read)


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@requirement("files.object_store")
@pytest.mark.parametrize("url", [None, "file://{folder}/else", "memory:///"])
@pytest.mark.parametrize("parts", [[], [b"x"], PARTS])
async def test_what_is_written_comes_back(
    tmp_path: Path, url: str | None, parts: list[bytes]
) -> None:
    blobs = open_blobs(url and url.format(folder=tmp_path), tmp_path)
    written = await blobs.write(NAME, chunks(parts))
    assert written.size_bytes == sum(map(len, parts))
    assert await whole(blobs, written) == b"".join(parts)
    await blobs.delete(NAME)
    with pytest.raises(BlobMissingError):
        await whole(blobs, written)
    await blobs.delete(NAME)


@requirement("files.interrupted")
@pytest.mark.parametrize("parts", [[], [b"x"], PARTS])
async def test_nothing_is_left_of_what_broke_off(tmp_path: Path, parts: list[bytes]) -> None:
    blobs = open_blobs(None, tmp_path)
    with pytest.raises(GoneError):
        await blobs.write(NAME, chunks(parts, breaks=True))
    await blobs.delete(NAME)
    assert not files_in(tmp_path)


@requirement("files.killed")
async def test_deleting_removes_what_a_killed_server_left(tmp_path: Path) -> None:
    blobs = open_blobs(None, tmp_path)
    await blobs.write(f"{NAME}0", chunks([b"another"]))
    (tmp_path / "blobs" / f"{NAME}#1").write_bytes(b"half")
    await blobs.delete(NAME)
    assert [file.name for file in files_in(tmp_path)] == ["file_10"]


@requirement("files.damaged")
async def test_a_changed_byte_is_told_before_the_last_chunk(tmp_path: Path) -> None:
    blobs = open_blobs(None, tmp_path)
    written = await blobs.write(NAME, chunks(PARTS))
    (file,) = files_in(tmp_path)
    data = bytearray(file.read_bytes())
    data[5] ^= 1
    file.write_bytes(data)
    read: list[bytes] = []
    with pytest.raises(StorageError, match="damaged"):
        await read_into(read, blobs, written)
    assert 0 < len(b"".join(read)) < written.size_bytes


@requirement("files.damaged")
async def test_a_missing_end_is_told_before_the_first_chunk(tmp_path: Path) -> None:
    blobs = open_blobs(None, tmp_path)
    written = await blobs.write(NAME, chunks(PARTS))
    (file,) = files_in(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(StorageError, match="damaged"):
        await anext(blobs.read(NAME, written))


async def test_a_store_that_does_not_answer_is_told(tmp_path: Path) -> None:
    blobs = open_blobs(None, tmp_path)
    (tmp_path / "blobs" / "files").write_text("in the way")
    with pytest.raises(StorageError, match="does not answer"):
        await blobs.write(NAME, chunks([b"x"]))


@pytest.mark.parametrize("url", ["file:///proc/none/x", "nonsense://x"])
async def test_a_store_that_cannot_be_used_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(StartupError, match="^blob_store: "):
        open_blobs(url, tmp_path)
