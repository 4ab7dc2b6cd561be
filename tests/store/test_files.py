"""Files of workspaces: what is kept of them, for how long, and for whom."""

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from senryu.errors import (
    FileExpiredError,
    InvalidRequestError,
    NotFoundError,
    RequestTooLargeError,
    StorageError,
    StorageQuotaExceededError,
)
from senryu.store.database import connect
from senryu.store.files import Files
from senryu.store.stored_file import StoredFile
from tests.contract.manifest import requirement
from tests.support.files import POSTGRES, open_store

pytestmark = pytest.mark.anyio

DAY_S = 86_400.0


class Clock:
    """Seconds since the epoch, which move when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
async def _empty_database() -> None:  # pyright: ignore[reportUnusedFunction]
    if POSTGRES:
        engine = connect(POSTGRES.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as database:
            await database.execute(text("DROP SCHEMA public CASCADE"))
            await database.execute(text("CREATE SCHEMA public"))
        await engine.dispose()


@pytest.fixture
def open_(tmp_path: Path, clock: Clock) -> Callable[..., Awaitable[Files]]:
    """Opens the files of one folder, once for each server that shares it."""

    async def open_one(**options: Any) -> Files:
        return await open_store(tmp_path, database_url=POSTGRES, clock=clock, **options)

    return open_one


@pytest.fixture
async def files(open_: Callable[..., Awaitable[Files]]) -> AsyncIterator[Files]:
    opened = await open_()
    yield opened
    await opened.close()


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    """Parts as they come from a client."""
    for part in parts:
        yield part


async def keep(files: Files, data: bytes = b"data", **about: Any) -> StoredFile:
    """Upload a file."""
    given: dict[str, Any] = {
        "filename": "a.txt",
        "mime_type": "text/plain",
        "expires_in_s": None,
    } | about
    async with files.upload(given.pop("workspace", "w")) as upload:
        await upload.write(chunks(data))
        return await upload.finish(**given)


def blobs(folder: Path) -> list[str]:
    """The ids of the files whose bytes there are."""
    return sorted(path.name for path in (folder / "blobs").rglob("*") if path.is_file())


async def test_a_file_is_kept_with_its_metadata(files: Files, clock: Clock) -> None:
    file = await keep(files, b"hello", filename="h.md", mime_type="text/markdown", expires_in_s=60)
    assert await files.get("w", file.id) == file
    assert await files.read("w", file.id, max_bytes=5) == (file, b"hello")
    assert (file.filename, file.mime_type, file.content.size_bytes) == ("h.md", "text/markdown", 5)
    assert file.created_at.timestamp() == clock.now
    assert file.expires_at is not None
    assert file.expires_at.timestamp() == clock.now + 60


async def test_a_file_beyond_what_the_reader_takes_is_refused(files: Files) -> None:
    file = await keep(files, b"hello")
    with pytest.raises(InvalidRequestError, match="has 5 bytes; at most 4"):
        await files.read("w", file.id, max_bytes=4)


@requirement("files.workspaces")
async def test_a_file_of_another_workspace_does_not_exist(files: Files) -> None:
    file = await keep(files)
    for attempt in (files.get, files.delete, files.open):
        with pytest.raises(NotFoundError, match=f"^File not found: {file.id}$"):
            await attempt("other", file.id)
    with pytest.raises(NotFoundError):
        await files.read("other", file.id, max_bytes=9)
    with pytest.raises(NotFoundError):
        await files.page("other", limit=9, after=file.id)
    assert await files.known("other", [file.id]) == []
    assert (await files.page("other", limit=9)).files == []
    assert await files.get("w", file.id) == file


@requirement("files.pages")
async def test_pages_are_newest_first_and_go_both_ways(files: Files) -> None:
    kept = [await keep(files, filename=str(number)) for number in range(5)]  # at one moment
    everything = (await files.page("w", limit=9)).files
    assert sorted(file.filename for file in everything) == ["0", "1", "2", "3", "4"]
    assert set(everything) == set(kept)
    first = await files.page("w", limit=2)
    second = await files.page("w", limit=2, after=first.files[-1].id)
    third = await files.page("w", limit=2, after=second.files[-1].id)
    assert [first.has_more, second.has_more, third.has_more] == [True, True, False]
    assert [*first.files, *second.files, *third.files] == everything
    back = await files.page("w", limit=1, before=second.files[0].id)
    assert (back.files, back.has_more) == ([everything[1]], True)
    assert (await files.page("w", limit=2, before=second.files[0].id)).has_more is False


@requirement("files.pages")
async def test_later_files_come_first(files: Files, clock: Clock) -> None:
    names = ["first", "second", "third"]
    for name in names:
        clock.now += 1
        await keep(files, filename=name)
    assert [file.filename for file in (await files.page("w", limit=9)).files] == names[::-1]


@requirement("files.pages")
async def test_a_list_goes_on_behind_a_file_that_is_deleted_by_then(files: Files) -> None:
    for _ in range(5):
        await keep(files)
    seen: list[str] = []
    page = await files.page("w", limit=2)
    while page.files:
        for file in page.files:
            await files.delete("w", file.id)
        seen += [file.id for file in page.files]
        page = await files.page("w", limit=2, after=seen[-1])
    assert len(set(seen)) == 5


@pytest.mark.parametrize("file_id", ["", "file_", "file_\0", "\0", "é", "x" * 10_000, "file_ü"])
async def test_any_text_can_be_tried_as_an_id(files: Files, file_id: str) -> None:
    for attempt in (files.get, files.delete, files.open):
        with pytest.raises(NotFoundError):
            await attempt("w", file_id)
    with pytest.raises(NotFoundError):
        await files.page("w", limit=9, before=file_id)
    assert await files.known("w", [file_id]) == []


async def test_others_on_the_machine_cannot_read_what_is_kept(files: Files, tmp_path: Path) -> None:
    await keep(files)
    assert stat.S_IMODE((tmp_path / "senryu.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "blobs").stat().st_mode) == 0o700


async def test_a_deleted_file_is_gone_for_clients_and_on_disk(files: Files, tmp_path: Path) -> None:
    file = await keep(files)
    await files.delete("w", file.id)
    assert await files.num_bytes() == 0
    assert blobs(tmp_path) == []
    for attempt in (files.get, files.delete, files.open):
        with pytest.raises(NotFoundError):
            await attempt("w", file.id)


@requirement("files.expiry")
async def test_an_expired_file_says_so_until_it_is_forgotten(
    files: Files, tmp_path: Path, clock: Clock
) -> None:
    file = await keep(files, expires_in_s=3600)
    clock.now += 3599
    await files.sweep()
    assert (await files.read("w", file.id, max_bytes=9))[1] == b"data"
    clock.now += 1
    for _ in range(2):
        with pytest.raises(FileExpiredError, match=f"^File expired: {file.id}$"):
            await files.open("w", file.id)
        assert await files.get("w", file.id) == file
        await files.sweep()
    assert (blobs(tmp_path), await files.num_bytes()) == ([], 0)
    clock.now += 8 * DAY_S
    await files.sweep()
    with pytest.raises(NotFoundError, match="File not found"):
        await files.open("w", file.id)


@requirement("files.too_large")
async def test_a_file_that_is_too_large_leaves_nothing(
    open_: Callable[..., Awaitable[Files]], tmp_path: Path
) -> None:
    files = await open_(file_bytes=10)
    assert (await keep(files, b"x" * 10)).content.size_bytes == 10
    with pytest.raises(RequestTooLargeError, match="at most 10 bytes"):
        await keep(files, b"x" * 11)
    assert len(blobs(tmp_path)) == 1
    await files.close()


@requirement("files.quota")
async def test_a_workspace_keeps_to_its_quota(open_: Callable[..., Awaitable[Files]]) -> None:
    files = await open_(workspace_bytes=10)
    first = await keep(files, b"x" * 6)
    with pytest.raises(StorageQuotaExceededError, match="may take 10 bytes; delete some"):
        await keep(files, b"x" * 5)
    await keep(files, b"x" * 4)
    with pytest.raises(StorageQuotaExceededError):
        await keep(files, b"")
    await keep(files, b"x" * 10, workspace="other")
    await files.delete("w", first.id)
    await keep(files, b"x" * 6)
    assert await files.num_bytes() == 20
    await files.close()


@requirement("files.quota")
async def test_uploads_at_once_on_two_servers_keep_to_it_too(
    open_: Callable[..., Awaitable[Files]], tmp_path: Path
) -> None:
    servers = [await open_(workspace_bytes=50) for _ in range(2)]
    tries = [keep(servers[number % 2], b"x" * 10) for number in range(12)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    kept = [result for result in results if isinstance(result, StoredFile)]
    refused = [result for result in results if isinstance(result, StorageQuotaExceededError)]
    assert (len(kept), len(refused)) == (5, 7)
    assert blobs(tmp_path) == sorted(file.id for file in kept)
    for server in servers:
        await server.close()


@requirement("files.interrupted")
async def test_nothing_is_left_of_an_upload_that_does_not_finish(
    files: Files, tmp_path: Path
) -> None:
    written = asyncio.Event()

    async def begin() -> None:
        async with files.upload("w") as upload:
            await upload.write(chunks(b"all"))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(begin())
    await written.wait()
    assert len(blobs(tmp_path)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert blobs(tmp_path) == []
    assert (await files.page("w", limit=9)).files == []


@requirement("files.killed")
async def test_a_sweep_leaves_the_uploads_of_living_servers_alone(
    open_: Callable[..., Awaitable[Files]], files: Files
) -> None:
    other = await open_()
    async with files.upload("w") as upload:
        await upload.write(chunks(b"data"))
        await other.sweep()
        file = await upload.finish(filename="a", mime_type="text/plain", expires_in_s=None)
    assert (await files.read("w", file.id, max_bytes=9))[1] == b"data"
    await other.close()


@requirement("files.killed")
async def test_an_upload_of_a_server_that_cannot_be_asked_is_given_up_after_a_day(
    open_: Callable[..., Awaitable[Files]], files: Files, clock: Clock, tmp_path: Path
) -> None:
    other = await open_()
    async with files.upload("w") as upload:
        await upload.write(chunks(b"data"))
        clock.now += DAY_S + 1
        await other.sweep()
        assert blobs(tmp_path) == []
        with pytest.raises(StorageError, match="send the file again"):
            await upload.finish(filename="a", mime_type="text/plain", expires_in_s=None)
    assert (await files.page("w", limit=9)).files == []
    assert await files.num_bytes() == 0
    await other.close()


@requirement("files.damaged")
async def test_damaged_and_lost_bytes_are_told(files: Files, tmp_path: Path) -> None:
    file = await keep(files)
    (blob,) = (tmp_path / "blobs").rglob("file_*")
    blob.write_bytes(b"dada")
    with pytest.raises(StorageError, match="damaged"):
        await files.read("w", file.id, max_bytes=9)
    blob.unlink()
    with pytest.raises(StorageError, match="lost"):
        await files.read("w", file.id, max_bytes=9)


async def test_a_file_that_is_deleted_while_it_is_opened_is_not_found(files: Files) -> None:
    file = await keep(files)
    _, parts = await files.open("w", file.id)
    await files.delete("w", file.id)
    with pytest.raises(NotFoundError):
        await anext(parts)


async def test_bytes_that_cannot_be_deleted_now_are_swept(files: Files, tmp_path: Path) -> None:
    file = await keep(files)
    blob = tmp_path / "blobs" / "files" / file.id
    blob.rename(blob.with_name("aside"))
    blob.mkdir()  # the store cannot delete what is a folder
    (blob / "x").touch()
    await files.delete("w", file.id)
    assert await files.num_bytes() == 4
    (blob / "x").unlink()
    blob.rmdir()
    blob.with_name("aside").rename(blob)
    await files.sweep()
    assert (blobs(tmp_path), await files.num_bytes()) == ([], 0)
