"""Fixtures that every test package may use."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.server import RunningServer, running_server

__all__ = ["anyio_backend", "pytest_plugins", "server"]

pytest_plugins = ["tests.clients.plugin"]

# A busy machine is slow, not wrong: generated cases have no deadline of their own.
settings.register_profile("senryu", deadline=None)
settings.load_profile("senryu")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    """One real server with the embedded model for the whole run, small enough for two cores."""
    with running_server() as running:
        yield running
