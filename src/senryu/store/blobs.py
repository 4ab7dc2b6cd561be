"""Bytes by name, in a local folder or an object store. Knows nothing of what they are.

Nothing is ever held whole: bytes are written as they come and read in chunks. A name is written
once. What is read is compared with its checksum, and the last chunk is given only after that.
"""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from senryu.errors import StartupError, StorageError

__all__ = ["BlobMissingError", "Blobs", "Written", "open_blobs"]

_LOG = logging.getLogger("senryu.store")
_FOLDER = "blobs"
_PART_BYTES = 8 * 1024 * 1024  # of a write; the least that S3 takes is 5 MiB
_PARTS_UNDER_WAY = 2
_CHUNK_BYTES = 1024 * 1024  # of a read
_READ_TIMEOUT = "60s"
_REQUEST_TIMEOUT = "1h"  # a whole download, as fast as the slowest client takes it


class Written(NamedTuple):
    """What was written.

    Arguments:
        size_bytes: how much it is.
        sha256: its checksum in hexadecimal.
    """

    size_bytes: int
    sha256: str


class BlobMissingError(StorageError):
    """There is nothing of this name."""


class Blobs:
    """A store of bytes.

    Arguments:
        store: where they are.
        folder: the same where it is a local folder.
    """

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder

    async def write(self, name: str, chunks: AsyncIterable[bytes]) -> Written:
        """Keep bytes under a name that has none. They outlive a power failure then.

        Raises:
            StorageError: the store does not take them.
            Exception: whatever ``chunks`` raises.
        """
        source = _Source(chunks)
        try:
            await obstore.put_async(
                self._store,
                name,
                source,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_UNDER_WAY,
            )
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder / name)
        except (BaseError, OSError, ValueError) as error:
            raise _refused(error) from None
        return source.written()

    async def read(self, name: str, expected: Written) -> AsyncGenerator[bytes]:
        """The bytes of a name in chunks.

        Arguments:
            name: what they were written under.
            expected: what was written then.

        Raises:
            BlobMissingError: before the first chunk, there are none.
            StorageError: before the last chunk, they are not those that were written, or the store
                does not give them.
        """
        digest, size, held = sha256(), 0, b""
        try:
            found = await obstore.get_async(self._store, name)
            if found.meta["size"] != expected.size_bytes:
                raise _damaged(name)
            async for chunk in found.stream(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
                if held:
                    yield held
                held = bytes(chunk)
        except FileNotFoundError:
            raise BlobMissingError("the server has lost the bytes of this file") from None
        except (BaseError, OSError) as error:
            raise _refused(error) from None
        if Written(size, digest.hexdigest()) != expected:
            raise _damaged(name)
        if held:
            yield held

    async def delete(self, name: str) -> None:
        """Remove the bytes of a name, also if they were written in part; or none.

        Raises:
            StorageError: the store does not answer.
        """
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, name)
            if self._folder is not None:
                # where the library writes until it is done; a process that was killed leaves that
                self._folder.joinpath(f"{name}#1").unlink(missing_ok=True)
        except (BaseError, OSError) as error:
            raise _refused(error) from None


def open_blobs(url: str | None, folder: Path) -> Blobs:
    """The store that the settings name.

    Arguments:
        url: ``s3://``, ``gs://``, ``az://`` or ``file://``; None for a folder in ``folder``.
        folder: the data folder.

    Raises:
        StartupError: it cannot be used.
    """
    try:
        if url is not None and not url.startswith("file://"):
            return Blobs(_from_url(url))
        place = folder / _FOLDER if url is None else Path(url.removeprefix("file://"))
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Blobs(LocalStore(place), place)
    except (BaseError, OSError, ValueError) as error:
        raise StartupError(f"blob_store: the store for files cannot be used: {error}") from None


def _sync(file: Path) -> None:
    """Have the disk keep a new file and its name."""
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _from_url(url: str) -> ObjectStore:
    # the library's types want to know of which kind the store is before the URL is read
    options: Any = {
        "read_timeout": _READ_TIMEOUT,
        "timeout": _REQUEST_TIMEOUT,
        "allow_http": True,  # for an endpoint that the operator names so
    }
    return from_url(url, client_options=options)


class _Source(AsyncIterator[bytes]):
    """Chunks on their way into the store, counted."""

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._chunks = aiter(chunks)
        self._digest = sha256()
        self._size = 0

    async def __anext__(self) -> bytes:
        chunk = await anext(self._chunks)
        while not chunk:  # the library takes an empty one for the end
            chunk = await anext(self._chunks)
        self._digest.update(chunk)
        self._size += len(chunk)
        return chunk

    def written(self) -> Written:
        """What went through."""
        return Written(self._size, self._digest.hexdigest())


def _refused(error: Exception) -> StorageError:
    first_line = str(error).partition("\n")[0]  # the others repeat it in more detail
    _LOG.error("the store for files failed", extra={"facts": {"cause": first_line}})
    return StorageError("the server's store for files does not answer; try again later")


def _damaged(name: str) -> StorageError:
    _LOG.error("a stored file is damaged", extra={"facts": {"blob": name}})
    return StorageError("the server's copy of this file is damaged; upload it again")
