"""Stores of files for tests, opened as servers open theirs."""

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from senryu.store.database import open_database
from senryu.store.files import Files, open_files
from senryu.store.uploads import FileLimits

__all__ = ["POSTGRES", "open_store"]

POSTGRES = os.environ.get("TEST_POSTGRES_URL")
"""A database that tests of the store may use, and clear, in the place of files of their own."""

_DATABASE = "senryu.db"
_ROOM = 1_000_000_000


async def open_store(
    folder: Path,
    *,
    file_bytes: int = _ROOM,
    workspace_bytes: int = _ROOM,
    database_url: str | None = None,
    blob_store: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Files:
    """The files of a folder, which other servers may share.

    Arguments:
        folder: the data folder.
        file_bytes: how much one file may have.
        workspace_bytes: how much one workspace may keep.
        database_url: a database that is not in the folder.
        blob_store: where the bytes are.
        clock: tells seconds since the epoch.
    """
    limits = FileLimits(file_bytes, workspace_bytes)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / _DATABASE).exists():
        shutil.copy(await _new_database(), folder / _DATABASE)
    return await open_files(
        folder, limits=limits, database_url=database_url, blob_store=blob_store, clock=clock
    )


async def _new_database() -> Path:
    """An empty database, made once: to make one takes a process of its own."""
    file = _template() / _DATABASE
    if not file.exists():
        await open_database(None, file.parent)
    return file


@cache
def _template() -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
