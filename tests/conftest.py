"""Fixtures that every test package may use."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.server import RunningServer, running_server

__all__ = ["anyio_backend", "pytest_plugins", "server"]

pytest_plugins = ["tests.clients.plugin"]

# Two files run side by side, and native threads that wait for each other are slow where there are
# more of them than cores. One file alone (-n 0) has as many as a server.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")

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
