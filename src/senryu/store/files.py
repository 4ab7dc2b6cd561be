"""Files of clients: what is known of them in the database, their bytes in the blob store.

A file belongs to one workspace and does not exist for others. Its bytes are written first and its
row last, so that there never is a row without bytes; a row of ``uploads`` tells of bytes that have
no row yet. Rows stay for a while after their bytes, because clients may ask about a file that
expired, or go on in a list from one that was deleted meanwhile.
"""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from senryu.errors import (
    FileExpiredError,
    InvalidRequestError,
    NotFoundError,
    StorageError,
)
from senryu.store.blobs import BlobMissingError, Blobs, open_blobs
from senryu.store.database import open_database, storage_errors
from senryu.store.presence import Presence
from senryu.store.stored_file import SECOND, StoredFile, blob_name, file_of, moment
from senryu.store.tables import FILES, UPLOADS, USAGE
from senryu.store.uploads import FileLimits, Upload, give_up

__all__ = ["FileList", "Files", "open_files"]

_LOG = logging.getLogger("senryu.store")
_DAY_S = 86_400
_REMEMBERED_S = 7 * _DAY_S  # for how long a file is known that has no bytes any more
_LONGEST_UPLOAD_S = _DAY_S  # what takes longer is given up, wherever it comes in
_SWEEP_EVERY_S = 600.0
_SWEPT_AT_ONCE = 100
_ID = re.compile(r"file_[A-Za-z0-9]{1,59}")  # nothing else can be one, nor be asked a database for


class FileList(NamedTuple):
    """A part of a list of files.

    Arguments:
        files: newest first.
        has_more: whether there are more in the direction that was asked for.
    """

    files: list[StoredFile]
    has_more: bool


class Files:
    """All files of a server.

    Arguments:
        database: as ``open_database`` opens it.
        blobs: where their bytes are.
        presence: this server's sign of life, for those that use the same database.
        limits: how much is taken.
        clock: tells seconds since the epoch.
    """

    def __init__(
        self,
        database: AsyncEngine,
        blobs: Blobs,
        presence: Presence,
        *,
        limits: FileLimits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._presence = presence
        self._limits = limits
        self._clock = clock

    @asynccontextmanager
    async def upload(self, workspace: str) -> AsyncGenerator[Upload]:
        """A file on its way, begun; nothing is left of it unless the block finishes it.

        Raises:
            StorageQuotaExceededError: the workspace has no room left.
            StorageError: the database does not answer.
        """
        upload = Upload(
            self._database,
            self._blobs,
            workspace=workspace,
            limits=self._limits,
            now=self._now,
        )
        await upload.begin(self._presence.name)
        try:
            yield upload
        finally:
            if not upload.finished:
                await upload.give_up()

    async def get(self, workspace: str, file_id: str) -> StoredFile:
        """What is known of a file, which may have expired.

        Raises:
            NotFoundError: there is no such file in the workspace, or no more.
            StorageError: the database does not answer.
        """
        found = await self.known(workspace, [file_id])
        if not found:
            raise _not_found(file_id)
        return found[0]

    async def known(self, workspace: str, file_ids: Iterable[str]) -> list[StoredFile]:
        """Those of some files that there are, newest first.

        Raises:
            StorageError: the database does not answer.
        """
        ids = [file_id for file_id in file_ids if _ID.fullmatch(file_id)]
        return await self._find(and_(*_visible(workspace), FILES.c.id.in_(ids)))

    async def page(
        self, workspace: str, *, limit: int, after: str | None = None, before: str | None = None
    ) -> FileList:
        """A part of all files of a workspace, newest first.

        Arguments:
            workspace: whose files.
            limit: how many at most.
            after: the id of a file that is newer than all of the part; it may be deleted by now.
            before: the id of one that is older than all of it; the part is the one next to it.

        Raises:
            NotFoundError: one of the ids is of no file that is remembered.
            StorageError: the database does not answer.
        """
        place = tuple_(FILES.c.created_at, FILES.c.id)
        conditions = list(_visible(workspace))
        if after is not None:
            conditions.append(place < await self._place(workspace, after))
        if before is not None:
            conditions.append(place > await self._place(workspace, before))
        upwards = before is not None and after is None
        found = await self._find(and_(*conditions), limit=limit + 1, newest_first=not upwards)
        files = found[:limit]
        return FileList(files[::-1] if upwards else files, len(found) > limit)

    async def open(self, workspace: str, file_id: str) -> tuple[StoredFile, AsyncGenerator[bytes]]:
        """A file and its bytes, of which the last are given only if all are what was uploaded.

        Raises:
            NotFoundError: there is no such file in the workspace, or no more.
            FileExpiredError: its bytes are gone.
            StorageError: the database does not answer. Also from the generator: the bytes cannot
                be read, or are damaged.
        """
        file = await self._with_bytes(workspace, file_id)
        return file, self._chunks(file)

    async def read(
        self, workspace: str, file_id: str, *, max_bytes: int
    ) -> tuple[StoredFile, bytes]:
        """A file and all of its bytes, which are what was uploaded.

        Raises:
            InvalidRequestError: it has more than ``max_bytes``.
            NotFoundError: there is no such file in the workspace, or no more.
            FileExpiredError: its bytes are gone.
            StorageError: they cannot be read, or are damaged, or the database does not answer.
        """
        file = await self._with_bytes(workspace, file_id)
        if file.content.size_bytes > max_bytes:
            raise InvalidRequestError(
                f"{file_id} has {file.content.size_bytes} bytes; at most {max_bytes} are possible"
            )
        async with aclosing(self._chunks(file)) as chunks:
            return file, b"".join([chunk async for chunk in chunks])

    async def delete(self, workspace: str, file_id: str) -> None:
        """Delete a file: at once for clients, and its bytes now or with the next sweep.

        Raises:
            NotFoundError: there is no such file in the workspace, or no more.
            StorageError: the database does not answer.
        """
        file = await self.get(workspace, file_id)
        mark = update(FILES).where(*_visible(workspace), FILES.c.id == file_id)
        with storage_errors():
            async with self._database.begin() as database:
                marked = await database.execute(mark.values(deleted_at=self._now(), filename=""))
        if not marked.rowcount:
            raise _not_found(file_id)
        try:
            await self._remove_bytes(file)
        except StorageError:
            _LOG.warning("a deleted file's bytes stay until the next sweep")

    async def num_bytes(self) -> int:
        """How much all workspaces keep.

        Raises:
            StorageError: the database does not answer.
        """
        with storage_errors():
            async with self._database.connect() as database:
                kept = await database.execute(select(func.sum(USAGE.c.num_bytes)))
                return int(kept.scalar_one() or 0)

    async def keep_swept(self) -> None:
        """Sweep now and then, until cancelled; failures are told in the log."""
        while True:
            try:
                await self.sweep()
            except (StorageError, OSError) as error:
                _LOG.warning("files were not swept", extra={"facts": {"cause": str(error)}})
            await asyncio.sleep(_SWEEP_EVERY_S)

    async def sweep(self) -> None:
        """Remove what ended servers left of uploads, the bytes of deleted and expired files, and
        what was remembered of them for long enough.

        Raises:
            StorageError: the database or the store does not answer; another sweep goes on.
        """
        await self._sweep_uploads()
        now = self._now()
        gone = and_(
            FILES.c.has_bytes, or_(FILES.c.deleted_at.is_not(None), FILES.c.expires_at <= now)
        )
        while files := await self._find(gone, limit=_SWEPT_AT_ONCE):
            for file in files:
                await self._remove_bytes(file)
        until = now - _REMEMBERED_S * SECOND
        forgotten = or_(FILES.c.deleted_at < until, FILES.c.expires_at < until)
        with storage_errors():
            async with self._database.begin() as database:
                await database.execute(delete(FILES).where(~FILES.c.has_bytes, forgotten))

    async def close(self) -> None:
        """Let go of the database; uploads that are still on their way are swept by others."""
        await self._database.dispose()
        self._presence.close()

    async def _sweep_uploads(self) -> None:
        ended = self._presence.ended()
        oldest = self._now() - _LONGEST_UPLOAD_S * SECOND
        left = or_(UPLOADS.c.server.in_(ended), UPLOADS.c.begun_at < oldest)
        with storage_errors():
            async with self._database.connect() as database:
                found = (await database.execute(select(UPLOADS.c.id).where(left))).scalars().all()
        for file_id in found:
            await give_up(self._database, self._blobs, file_id)
        for server in ended:
            self._presence.forget(server)

    async def _remove_bytes(self, file: StoredFile) -> None:
        await self._blobs.delete(blob_name(file.id))
        unmark = update(FILES).where(FILES.c.id == file.id, FILES.c.has_bytes)
        usage = update(USAGE).where(USAGE.c.workspace == file.workspace)
        with storage_errors():
            async with self._database.begin() as database:
                unmarked = await database.execute(unmark.values(has_bytes=False))
                if unmarked.rowcount:  # and not by another server at the same time
                    less = USAGE.c.num_bytes - file.content.size_bytes
                    await database.execute(usage.values(num_bytes=less))

    async def _with_bytes(self, workspace: str, file_id: str) -> StoredFile:
        file = await self.get(workspace, file_id)
        if file.expires_at is not None and file.expires_at <= moment(self._now()):
            raise FileExpiredError(f"File expired: {file_id}")
        return file

    async def _chunks(self, file: StoredFile) -> AsyncGenerator[bytes]:
        try:
            async with aclosing(self._blobs.read(blob_name(file.id), file.content)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except BlobMissingError:
            await self._with_bytes(file.workspace, file.id)  # was it deleted a moment ago?
            _LOG.error("a stored file is lost", extra={"facts": {"file": file.id}})
            raise

    async def _find(
        self,
        condition: ColumnElement[bool],
        *,
        limit: int | None = None,
        newest_first: bool = True,
    ) -> list[StoredFile]:
        order = [FILES.c.created_at, FILES.c.id]
        if newest_first:
            order = [column.desc() for column in order]
        query = select(FILES).where(condition).order_by(*order).limit(limit)
        with storage_errors():
            async with self._database.connect() as database:
                return [file_of(row) for row in (await database.execute(query)).mappings()]

    async def _place(self, workspace: str, file_id: str) -> Any:
        """Where in the list a file is or was."""
        query = select(FILES.c.created_at).where(
            FILES.c.workspace == workspace, FILES.c.id == file_id
        )
        found = None
        if _ID.fullmatch(file_id):
            with storage_errors():
                async with self._database.connect() as database:
                    found = (await database.execute(query)).scalar_one_or_none()
        if found is None:
            raise _not_found(file_id)
        return tuple_(found, file_id)

    def _now(self) -> int:
        return int(self._clock() * SECOND)


async def open_files(
    folder: Path,
    *,
    limits: FileLimits,
    database_url: str | None = None,
    blob_store: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Files:
    """The files of a server, with all that they need. To be called before it serves.

    Arguments:
        folder: the data folder, made if there is none.
        limits: how much is taken.
        database_url: ``postgresql://...``; None for a file in ``folder``.
        blob_store: where their bytes are (``open_blobs``); None for a folder in ``folder``.
        clock: tells seconds since the epoch.

    Raises:
        StartupError: the folder, the database or the store cannot be used.
    """
    database = await open_database(database_url, folder)
    blobs = open_blobs(blob_store, folder)
    presence = Presence(folder, secrets.token_hex(8))
    return Files(database, blobs, presence, limits=limits, clock=clock)


def _visible(workspace: str) -> tuple[ColumnElement[bool], ...]:
    return FILES.c.workspace == workspace, FILES.c.deleted_at.is_(None)


def _not_found(file_id: str) -> NotFoundError:
    return NotFoundError(f"File not found: {file_id}")
