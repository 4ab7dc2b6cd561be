"""The database: opened, brought up to date, and its failures told in one way. Knows no table.

SQLite in the data folder unless a PostgreSQL server is named. Several servers may use either one
at the same time, and the first of them to start changes what has to be changed.
"""

import logging
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, NullPool, event, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from senryu.errors import StartupError, StorageError
from senryu.store.tables import REVISION

__all__ = ["connect", "connection_errors", "open_database", "storage_errors"]

_LOG = logging.getLogger("senryu.store")
_FILE = "senryu.db"
_LOCK_TIMEOUT_S = 60.0
_BUSY_TIMEOUT_MS = 30_000  # while another process writes; each write takes milliseconds


async def open_database(url: str | None, folder: Path) -> AsyncEngine:
    """The database, with the tables that this version knows. Holds up the loop while it changes it.

    Arguments:
        url: ``postgresql://...``; None for a file in ``folder``.
        folder: the data folder, made if there is none.

    Raises:
        StartupError: it cannot be used, or a newer version of the server has changed it.
    """
    place = folder / _FILE if url is None else "database_url"
    address = f"sqlite+aiosqlite:///{folder / _FILE}"
    if url is not None:
        address = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    try:
        with connection_errors():
            folder.mkdir(parents=True, exist_ok=True)
            if url is None:
                (folder / _FILE).touch(mode=0o600)
            with FileLock(folder / f"{_FILE}.lock", timeout=_LOCK_TIMEOUT_S):
                if await _revision(address) != REVISION:
                    _upgrade(address)
            return connect(address)
    except ModuleNotFoundError:
        raise StartupError("database_url needs the extra postgres: senryu[postgres]") from None
    except ConnectionError as error:
        raise StartupError(f"{place}: the database cannot be used: {error}") from None


def connect(address: str, **options: Any) -> AsyncEngine:
    """A pool of connections; none is made yet.

    Arguments:
        address: SQLAlchemy's URL, with a driver's name.
        options: of ``create_async_engine``.
    """
    is_file = address.startswith("sqlite")
    # A server may have ended a connection that nobody used.
    engine = create_async_engine(
        address, hide_parameters=True, pool_pre_ping=not is_file, **options
    )
    if is_file:
        # It would log all values, the names of files among them.
        logging.getLogger("aiosqlite").setLevel(logging.WARNING)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def connection_errors() -> Generator[None]:
    """Tell what keeps a database from being used in one line.

    Raises:
        ConnectionError: the block could not use it.
    """
    try:
        yield
    except (OSError, SQLAlchemyError) as error:
        raise ConnectionError(str(getattr(error, "orig", None) or error)) from None


@contextmanager
def storage_errors() -> Generator[None]:
    """Tell failures of the database as what they are to a client.

    Raises:
        StorageError: a statement in the block failed.
    """
    try:
        yield
    except (OSError, SQLAlchemyError) as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        _LOG.error("the database failed", extra={"facts": {"cause": cause}})
        raise StorageError("the server's database does not answer; try again later") from None


async def _revision(address: str) -> str | None:
    """Which migration was the last one; None before the first."""
    async with connect(address, poolclass=NullPool).connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
            return None
        return await connection.scalar(text("SELECT version_num FROM alembic_version"))


def _upgrade(address: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "senryu.store.migrations"],
        input=address,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.splitlines() or ["its migration failed"]
        raise ConnectionError(lines[-1])


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and a writer do not wait for each other
    cursor.execute("PRAGMA synchronous = FULL")  # what was answered outlives a power failure
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction that holds for changes of tables too, which the driver's do not."""
    connection.exec_driver_sql("BEGIN")
