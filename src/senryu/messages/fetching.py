"""The files that a request names: sent with it, uploaded before, at a URL. Each is fetched once."""

import asyncio
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from senryu.documents.reader import Reader
from senryu.errors import InvalidRequestError
from senryu.store.files import Files
from senryu.web.fetch import TooLargeError, Web
from senryu.web.network import FetchError
from senryu.wire.blocks import DocumentBlockParam, DocumentSource, ImageBlockParam
from senryu.wire.sources import (
    Base64ImageSource,
    Base64PdfSource,
    FileSource,
    ImageSource,
    UrlSource,
)

__all__ = ["MAX_TOTAL_BYTES", "Fetched", "Fetcher", "Intake"]

MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
"""Of a request's files; ours: uploaded files can be named by few bytes."""

# API: vision and PDF support, limits.
_MAX_BYTES: Final = {"image": 5 * 1024 * 1024, "document": 32 * 1024 * 1024}
# Ours: what a request can have this server do to others, and how long it may hold its turn.
_MAX_URLS: Final = 100
_MAX_DOWNLOADS: Final = 4
_MAX_DOWNLOADS_S: Final = 60.0
_WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Intake:
    """Where a server has files from, and who reads them.

    Arguments:
        reader: looks into them.
        files: those that were uploaded; None where none can be.
        web: fetches those at URLs; None where none are.
    """

    reader: Reader
    files: Files | None = None
    web: Web | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file of a request.

    Arguments:
        place: where it is, for messages.
        media_type: what it is said to be.
        data: its bytes.
    """

    place: str
    media_type: str
    data: bytes


class Fetcher:
    """Fetches the files of one request.

    Arguments:
        intake: where they come from.
        workspace: whose they are.
    """

    def __init__(self, intake: Intake, workspace: str) -> None:
        self._intake = intake
        self._workspace = workspace
        self._files: dict[ImageSource | DocumentSource, Fetched] = {}
        self._num_bytes_left = MAX_TOTAL_BYTES

    async def download(
        self, blocks: Iterable[tuple[str, ImageBlockParam | DocumentBlockParam]]
    ) -> None:
        """Fetch what blocks name by URL, a few at a time; ``fetch`` then has it.

        Arguments:
            blocks: with where they are, for messages.

        Raises:
            InvalidRequestError: one cannot be had or is too large, or they are too many, too slow
                or too large together.
        """
        named: dict[UrlSource, tuple[str, int]] = {}
        for path, block in blocks:
            if isinstance(block.source, UrlSource):
                place = f"{path}.{block.type}.source.url.url"
                named.setdefault(block.source, (place, _MAX_BYTES[block.type]))
        if len(named) > _MAX_URLS:
            raise InvalidRequestError(
                f"messages: {len(named)} URLs; at most {_MAX_URLS} are fetched for a request;"
                " upload the files"
            )
        slots = asyncio.Semaphore(_MAX_DOWNLOADS)
        try:
            async with asyncio.timeout(_MAX_DOWNLOADS_S), asyncio.TaskGroup() as tasks:
                for source, (place, max_bytes) in named.items():
                    tasks.create_task(self._load(place, source, max_bytes=max_bytes, slots=slots))
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        except TimeoutError:
            raise InvalidRequestError(
                f"messages: the request's URLs take longer than {_MAX_DOWNLOADS_S:.0f} seconds to"
                " download together; upload the files"
            ) from None

    async def fetch(self, path: str, block: ImageBlockParam | DocumentBlockParam) -> Fetched:
        """The file that a block names; what is named by URL was downloaded before.

        Arguments:
            path: where the block is, for messages.
            block: has a source that is a file.

        Raises:
            InvalidRequestError: it is too large, or not there, or the files are too large together.
            NotFoundError: there is no such file in the workspace.
            StorageError: what is kept cannot be read.
        """
        source = block.source
        if source not in self._files:
            place = f"{path}.{block.type}.source"
            max_bytes = _MAX_BYTES[block.type]
            if isinstance(source, FileSource):
                file = await self._uploaded(f"{place}.file.file_id", source, max_bytes=max_bytes)
            else:
                # The other kinds are no files, or were downloaded.
                assert isinstance(source, Base64ImageSource | Base64PdfSource)
                file = await self._sent(f"{place}.base64.data", source, max_bytes=max_bytes)
            self._count(file.place, len(file.data))
            self._files[source] = file
        return self._files[source]

    async def _load(
        self, place: str, source: UrlSource, *, max_bytes: int, slots: asyncio.Semaphore
    ) -> None:
        if self._intake.web is None:
            raise InvalidRequestError(
                f"{place}: this server fetches no URLs (`url_sources` in its configuration is off);"
                " send the content itself or upload it"
            )
        try:
            async with slots:
                found = await self._intake.web.fetch(
                    source.url,
                    max_bytes=max_bytes,
                    count=lambda num_bytes: self._count(place, num_bytes),
                    workspace=self._workspace,
                )
        except TooLargeError:
            limit = f"{max_bytes // 1024 // 1024} MB"
            raise InvalidRequestError(f"{place}: the file exceeds {limit}") from None
        except FetchError as error:
            raise InvalidRequestError(f"{place}: {error}") from None
        self._files[source] = Fetched(place, found.media_type, found.data)

    def _count(self, place: str, num_bytes: int) -> None:
        """Take bytes from what the request's files may have together."""
        self._num_bytes_left -= num_bytes
        if self._num_bytes_left < 0:
            raise InvalidRequestError(
                f"{place}: the request's files have more than"
                f" {MAX_TOTAL_BYTES // 1024 // 1024} MB together"
            )

    async def _uploaded(self, place: str, source: FileSource, *, max_bytes: int) -> Fetched:
        if self._intake.files is None:
            raise InvalidRequestError(f"{place}: this server keeps no files")
        try:
            stored, data = await self._intake.files.read(
                self._workspace, source.file_id, max_bytes=max_bytes
            )
        except InvalidRequestError as error:
            raise InvalidRequestError(f"{place}: {error.message}") from None
        return Fetched(place, stored.mime_type, data)

    async def _sent(
        self, place: str, source: Base64ImageSource | Base64PdfSource, *, max_bytes: int
    ) -> Fetched:
        try:
            data = await asyncio.to_thread(_decoded, source.data)
        except ValueError:
            raise InvalidRequestError(f"{place}: Invalid base64 data") from None
        if len(data) > max_bytes:
            raise InvalidRequestError(
                f"{place}: the file exceeds {max_bytes // 1024 // 1024} MB:"
                f" {len(data)} bytes > {max_bytes} bytes"
            )
        return Fetched(place, source.media_type, data)


def _decoded(text: str) -> bytes:
    """Base64, in which tools put line ends."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return binascii.a2b_base64(_WHITE_SPACE.sub("", text), strict_mode=True)
