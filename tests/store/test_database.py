"""The database comes up to date by itself, and says so where it cannot."""

import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from senryu.errors import StartupError, StorageError
from senryu.store import migrations
from senryu.store.database import open_database, storage_errors
from senryu.store.tables import METADATA, REVISION
from tests.contract.manifest import requirement
from tests.support.files import open_store

pytestmark = pytest.mark.anyio


def differences(connection: Connection) -> list[object]:
    """What the tables are not that they should be."""
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


@requirement("files.migrations")
async def test_migrations_make_what_the_code_expects(tmp_path: Path) -> None:
    engine = await open_database(None, tmp_path / "new")
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()
    (folder,) = migrations.__path__
    assert ScriptDirectory(folder).get_heads() == [REVISION]


@requirement("files.migrations")
async def test_what_is_there_stays(tmp_path: Path) -> None:
    files = await open_store(tmp_path)
    async with files.upload("w") as upload:
        file = await upload.finish(filename="a", mime_type="text/plain", expires_in_s=None)
    await files.close()
    engine = await open_database(None, tmp_path)
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT id FROM files"))).scalars().all() == [file.id]
    await engine.dispose()


@requirement("files.migrations")
async def test_a_database_of_a_newer_server_is_refused_and_left_alone(tmp_path: Path) -> None:
    engine = await open_database(None, tmp_path)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await engine.dispose()
    with pytest.raises(StartupError, match=r"senryu\.db: the database cannot be used: .*9999"):
        await open_database(None, tmp_path)


@requirement("files.migrations")
def test_servers_that_start_together_make_it_once(tmp_path: Path) -> None:
    async def start() -> None:
        engines = await asyncio.gather(
            *(asyncio.to_thread(asyncio.run, open_database(None, tmp_path)) for _ in range(3))
        )
        for engine in engines:
            await engine.dispose()

    asyncio.run(start())


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "senryu.db").write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(StartupError, match="file is not a database"):
        await open_database(None, tmp_path)


async def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="^database_url") as told:
        await open_database("postgresql://user:secret@127.0.0.1:1/none", tmp_path)
    assert "secret" not in str(told.value)


def test_a_failure_tells_clients_nothing_of_its_cause() -> None:
    with pytest.raises(StorageError, match="try again later") as told, storage_errors():
        raise OperationalError("SELECT secret", {}, Exception("secret"))
    assert "secret" not in told.value.message
