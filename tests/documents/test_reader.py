"""Whose files are read now, and who waits."""

import asyncio

import pytest

from senryu.documents.reader import Reader
from senryu.errors import OverloadedError
from tests.contract.manifest import requirement

pytestmark = pytest.mark.anyio

MOST, MOST_WAITING = 16, 256


@requirement("documents.turns")
async def test_few_requests_hold_files_at_once_and_not_too_many_wait() -> None:
    reader, end, holding = Reader(), asyncio.Event(), 0

    async def hold() -> None:
        nonlocal holding
        async with reader.admitted():
            holding += 1
            assert holding <= MOST
            await end.wait()
            holding -= 1

    async with asyncio.TaskGroup() as tasks:
        held = [tasks.create_task(hold()) for _ in range(MOST + MOST_WAITING)]
        while holding < MOST:
            await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await hold()
        assert holding == MOST
        end.set()
    assert all(task.done() for task in held)
