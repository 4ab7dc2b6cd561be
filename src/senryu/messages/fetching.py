"""The files that a request names: sent with it, or uploaded before. Each is fetched once."""

import asyncio
import binascii
import re
from dataclasses import dataclass
from typing import Final

from senryu.documents.reader import Reader
from senryu.errors import InvalidRequestError
from senryu.store.files import Files
from senryu.wire.blocks import DocumentBlockParam, DocumentSource, ImageBlockParam
from senryu.wire.sources import Base64ImageSource, Base64PdfSource, FileSource, ImageSource

__all__ = ["MAX_TOTAL_BYTES", "Fetched", "Fetcher", "Intake"]

MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
"""Of a request's files; ours: uploaded files can be named by few bytes."""

# API: vision and PDF support, limits.
_MAX_BYTES: Final = {"image": 5 * 1024 * 1024, "document": 32 * 1024 * 1024}
_WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Intake:
    """Where a server has files from, and who reads them.

    Arguments:
        reader: looks into them.
        files: those that were uploaded; None where none can be.
    """

    reader: Reader
    files: Files | None = None


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

    async def fetch(self, path: str, block: ImageBlockParam | DocumentBlockParam) -> Fetched:
        """The file that a block names.

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
                # The rules have refused the other kinds.
                assert isinstance(source, Base64ImageSource | Base64PdfSource)
                file = await self._sent(f"{place}.base64.data", source, max_bytes=max_bytes)
            self._num_bytes_left -= len(file.data)
            if self._num_bytes_left < 0:
                raise InvalidRequestError(
                    f"{file.place}: the request's files have more than"
                    f" {MAX_TOTAL_BYTES // 1024 // 1024} MB together"
                )
            self._files[source] = file
        return self._files[source]

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
