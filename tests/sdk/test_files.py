"""The official SDK's two file resources, as they come."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic.types import FileExpiredError, FileNotDownloadableError, StorageQuotaExceededError

from tests.contract.manifest import requirement
from tests.support.app import RunningApp, running_app
from tests.support.sdk import connect

RESOURCES = ["files", "beta"]


@pytest.fixture
def app() -> Iterator[RunningApp]:
    with running_app() as running:
        yield running


def resource(client: Any, name: str) -> Any:
    """The current resource, or that of the beta."""
    return client.files if name == "files" else client.beta.files


@requirement("files.sdk")
@pytest.mark.parametrize("name", RESOURCES)
def test_a_file_goes_there_and_back(app: RunningApp, name: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(b"# Notes\n" * 1000)
    with connect(app.base_url) as client:
        files = resource(client, name)
        kept = files.upload(file=path, expires_in_seconds=3600)
        assert files.retrieve_metadata(kept.id) == kept
        assert (kept.type, kept.filename, kept.mime_type) == ("file", "notes.md", "text/markdown")
        assert (kept.size_bytes, kept.downloadable) == (8000, True)
        assert kept.id.startswith("file_011C")
        assert (kept.expires_at - kept.created_at).total_seconds() == 3600
        assert files.download(kept.id).read() == path.read_bytes()
        files.download(kept.id).write_to_file(tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == path.read_bytes()
        assert files.delete(kept.id).type == "file_deleted"
        for call in (files.retrieve_metadata, files.download, files.delete):
            with pytest.raises(anthropic.NotFoundError, match=f"File not found: {kept.id}"):
                call(kept.id)


@requirement("files.sdk", "files.pages", "files.ids")
@pytest.mark.parametrize("name", RESOURCES)
def test_lists_go_through_all_pages(app: RunningApp, name: str) -> None:
    with connect(app.base_url) as client:
        files = resource(client, name)
        kept = [files.upload(file=(f"{n}.txt", b"x"), expires_in_seconds=3600) for n in range(5)]
        assert kept[0].expires_at is not None
        newest = [file.id for file in reversed(kept)]
        assert [file.id for file in files.list(limit=2)] == newest
        page = files.list(limit=5)
        assert (page.next_page, [file.id for file in page.data]) == (None, newest)
        some = files.list(ids=[newest[3], "file_none", newest[0], newest[0]])
        assert (some.next_page, [file.id for file in some.data]) == (None, [newest[0], newest[3]])
        assert files.list(limit=2).next_page.startswith("page_")


@requirement("files.sdk")
def test_the_async_client_uploads_and_lists(app: RunningApp) -> None:
    async def use() -> list[str]:
        async with anthropic.AsyncAnthropic(base_url=app.base_url, api_key="any") as client:
            kept = [await client.files.upload(file=("a", b"x" * n)) for n in range(3)]
            listed = [file.id async for file in client.files.list(limit=2)]
            assert listed == [file.id for file in reversed(kept)]
            content = await client.files.download(kept[2].id)
            return [kept[2].id, (await content.read()).decode()]

    assert asyncio.run(use())[1] == "xx"


@requirement("files.sdk")
@pytest.mark.parametrize("path", ["/anthropic"])
def test_files_are_the_same_below_the_other_prefix(app: RunningApp, path: str) -> None:
    with connect(app.base_url) as client, connect(app.base_url + path) as foundry:
        kept = client.files.upload(file=("a", b"x"))
        assert foundry.files.retrieve_metadata(kept.id) == kept


@requirement("files.expiry")
def test_an_expired_file_raises_the_sdks_own_error() -> None:
    now = [1_800_000_000.0]
    with running_app(clock=lambda: now[0]) as app, connect(app.base_url) as client:
        kept = client.files.upload(file=("a", b"x"), expires_in_seconds=3600)
        now[0] += 3600
        with pytest.raises(FileExpiredError):
            client.files.download(kept.id)
        assert client.files.retrieve_metadata(kept.id) == kept


@requirement("files.quota")
def test_a_full_workspace_raises_the_sdks_own_error() -> None:
    with running_app(files_quota_mb=1) as app, connect(app.base_url) as client:
        client.files.upload(file=("a", b"x" * 900_000))
        with pytest.raises(StorageQuotaExceededError, match="delete some"):
            client.files.upload(file=("b", b"x" * 200_000))


@requirement("files.downloadable")
def test_in_strict_mode_an_uploaded_file_is_not_downloadable() -> None:
    with running_app(mode="strict") as app, connect(app.base_url) as client:
        kept = client.files.upload(file=("a.txt", b"x"))
        assert kept.downloadable is False
        with pytest.raises(FileNotDownloadableError):
            client.files.download(kept.id)


@requirement("files.too_large")
def test_a_file_that_is_too_large_raises_the_sdks_own_error() -> None:
    with running_app(max_file_bytes=100_000) as app, connect(app.base_url) as client:
        with pytest.raises(anthropic.RequestTooLargeError, match="at most 100000 bytes"):
            client.files.upload(file=("a", b"x" * 100_001))
        assert client.files.upload(file=("a", b"x" * 100_000)).size_bytes == 100_000
