"""One file on its way into the store, from its first byte to its row in the database."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from senryu.errors import RequestTooLargeError, StorageError, StorageQuotaExceededError
from senryu.store.blobs import Blobs, Written
from senryu.store.database import storage_errors
from senryu.store.stored_file import SECOND, StoredFile, blob_name, file_of
from senryu.store.tables import FILES, UPLOADS, USAGE
from senryu.wire.ids import new_file_id

__all__ = ["FileLimits", "Upload", "give_up"]


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much is taken.

    Arguments:
        file_bytes: of one file.
        workspace_bytes: of all files of one workspace.
    """

    file_bytes: int
    workspace_bytes: int


class Upload:
    """A file on its way: ``begin``, ``write`` once, ``finish``; or ``give_up`` at any place.

    Arguments:
        database: gets a row when it begins, and another when it is finished.
        blobs: get its bytes.
        workspace: whose it is.
        limits: how much is taken.
        now: tells microseconds since the epoch.
    """

    def __init__(
        self,
        database: AsyncEngine,
        blobs: Blobs,
        *,
        workspace: str,
        limits: FileLimits,
        now: Callable[[], int],
    ) -> None:
        self.file_id = new_file_id()
        self.finished = False
        self._database = database
        self._blobs = blobs
        self._workspace = workspace
        self._limits = limits
        self._now = now
        self._room = 0
        self._written = Written(0, "")

    async def begin(self, server: str) -> None:
        """Note that bytes come which have no row yet.

        Arguments:
            server: which server they come to.

        Raises:
            StorageQuotaExceededError: the workspace has no room left.
            StorageError: the database does not answer.
        """
        begun = {"id": self.file_id, "server": server, "begun_at": self._now()}
        kept = select(USAGE.c.num_bytes).where(USAGE.c.workspace == self._workspace)
        with storage_errors():
            async with self._database.begin() as database:
                await database.execute(insert(UPLOADS).values(begun))
                await database.execute(
                    text(f"INSERT INTO {USAGE.name} VALUES (:name, 0) ON CONFLICT DO NOTHING"),
                    {"name": self._workspace},
                )
                num_bytes = (await database.execute(kept)).scalar_one()
                self._room = self._limits.workspace_bytes - num_bytes
                if self._room <= 0:
                    raise self._no_room()

    async def write(self, chunks: AsyncIterable[bytes]) -> None:
        """Keep its bytes as they come, once.

        Raises:
            RequestTooLargeError: they are more than one file may have; not all were read.
            StorageQuotaExceededError: likewise than the workspace has room for.
            StorageError: the store does not take them.
            Exception: whatever ``chunks`` raises.
        """
        self._written = await self._blobs.write(blob_name(self.file_id), self._bounded(chunks))

    async def finish(
        self, *, filename: str, mime_type: str, expires_in_s: int | None
    ) -> StoredFile:
        """Make it a file of the workspace.

        Arguments:
            filename: what it is called.
            mime_type: what it is.
            expires_in_s: after which time its bytes go; None for never.

        Raises:
            StorageQuotaExceededError: other uploads took the room for it meanwhile.
            StorageError: another server gave it up, or the database does not answer.
        """
        size, now = self._written.size_bytes, self._now()
        row = {
            "id": self.file_id,
            "workspace": self._workspace,
            "filename": filename,
            "mime_type": mime_type,
            "size_bytes": size,
            "sha256": self._written.sha256,
            "created_at": now,
            "expires_at": None if expires_in_s is None else now + expires_in_s * SECOND,
            "has_bytes": True,
        }
        room = update(USAGE).where(
            USAGE.c.workspace == self._workspace,
            USAGE.c.num_bytes + size <= self._limits.workspace_bytes,
        )
        with storage_errors():
            async with self._database.begin() as database:
                taken = await database.execute(room.values(num_bytes=USAGE.c.num_bytes + size))
                if not taken.rowcount:
                    raise self._no_room()
                begun = await database.execute(delete(UPLOADS).where(UPLOADS.c.id == self.file_id))
                if not begun.rowcount:
                    raise StorageError("the upload took too long; send the file again")
                await database.execute(insert(FILES).values(row))
        self.finished = True
        return file_of(row)

    async def give_up(self) -> None:
        """Leave nothing of it.

        Raises:
            StorageError: the store or the database does not answer; a sweep does it then.
        """
        await give_up(self._database, self._blobs, self.file_id)

    async def _bounded(self, chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._limits.file_bytes:
                raise RequestTooLargeError(
                    f"file: at most {self._limits.file_bytes} bytes are taken in one file"
                )
            if size > self._room:
                raise self._no_room()
            yield chunk

    def _no_room(self) -> StorageQuotaExceededError:
        return StorageQuotaExceededError(
            f"the files of this workspace may take {self._limits.workspace_bytes} bytes;"
            " delete some, then upload again"
        )


async def give_up(database: AsyncEngine, blobs: Blobs, file_id: str) -> None:
    """Leave nothing of an upload, whoever began it, unless it became a file after all.

    Raises:
        StorageError: the store or the database does not answer.
    """
    with storage_errors():
        async with database.connect() as connection:
            finished = await connection.execute(select(FILES.c.id).where(FILES.c.id == file_id))
            if finished.first():  # and the answer to the transaction that said so was lost
                return
    await blobs.delete(blob_name(file_id))
    with storage_errors():
        async with database.begin() as connection:
            await connection.execute(delete(UPLOADS).where(UPLOADS.c.id == file_id))
