"""Brings a database up to date. Its address comes on stdin, where no other user can read it."""

import asyncio
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, text

from senryu.store.database import connect, connection_errors

__all__ = ["main"]

_ANY_NUMBER = 7_365_078  # that no other program is likely to lock a PostgreSQL database by


def main() -> None:
    """Upgrade; a failure is one line on stderr."""
    try:
        with connection_errors():
            asyncio.run(_upgrade_at(sys.stdin.read()))
    except (CommandError, ConnectionError) as error:
        sys.exit(str(error))


async def _upgrade_at(address: str) -> None:
    async with connect(address, poolclass=NullPool).begin() as connection:
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # servers that share no folder wait here
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ANY_NUMBER})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


if __name__ == "__main__":
    main()
