"""One real engine for all tests of this package: its worker loads the embedded model once."""

from collections.abc import AsyncIterator

import pytest

from senryu.core import Prompt, Segment
from senryu.engine.frames import WorkerConfig
from senryu.engine.supervisor import SupervisedEngine

__all__ = ["SMALL", "chat", "engine"]

# Batch-invariant, so that tests can compare greedy replies token by token.
SMALL = WorkerConfig(cells=8192, threads=2, batch_invariant=True)


@pytest.fixture(scope="session")
async def engine(anyio_backend: str) -> AsyncIterator[SupervisedEngine]:
    """The embedded model behind its process boundary, ready."""
    assert anyio_backend == "asyncio"
    engine = SupervisedEngine(SMALL)
    await engine.start()
    await engine.wait_ready()
    yield engine
    await engine.audit()
    await engine.close()


def chat(text: str) -> Prompt:
    """A user's turn as the embedded model knows it."""
    return Prompt(
        (
            Segment("<|im_start|>", special=True),
            Segment("user\n" + text),
            Segment("<|im_end|>", special=True),
            Segment("\n"),
            Segment("<|im_start|>", special=True),
            Segment("assistant\n"),
        )
    )
