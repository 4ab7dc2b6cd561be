"""Whose files are read now, and who waits."""

import asyncio

import pytest

from senryu.documents.reader import Reader
from senryu.errors import OverloadedError
from tests.contract.manifest import requirement
from tests.support.drawings import picture, saved

pytestmark = pytest.mark.anyio

MOST, MOST_OF_ONE, MOST_WAITING = 16, 8, 256


@requirement("documents.turns", "documents.fair")
async def test_few_requests_hold_files_at_once_and_not_too_many_wait() -> None:
    reader, end, holding = Reader(), asyncio.Event(), 0

    async def hold(workspace: str) -> None:
        nonlocal holding
        async with reader.admitted(workspace):
            holding += 1
            await end.wait()
            holding -= 1

    async with asyncio.TaskGroup() as tasks:

        async def start(count: int, workspace: str, expected: int) -> None:
            for _ in range(count):
                tasks.create_task(hold(workspace))
            while holding < expected:
                await asyncio.sleep(0)
            for _ in range(10):  # as often as the others might be let in
                await asyncio.sleep(0)
            assert holding == expected

        await start(MOST, "one", MOST_OF_ONE)
        await start(MOST_OF_ONE, "other", MOST)
        await start(MOST_WAITING - MOST_OF_ONE, "other", MOST)
        with pytest.raises(OverloadedError):
            await hold("third")
        end.set()
    assert holding == 0


@requirement("documents.fair")
async def test_no_workspace_waits_for_all_the_files_of_another() -> None:
    reader, done = Reader(), list[str]()

    async def examine(workspace: str, number: int) -> None:
        image = saved(picture(size=(8 + number, 8)))
        await reader.examine_image(image, "image/png", workspace=workspace)
        done.append(workspace)

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(examine("busy", number))
        while not reader.num_read:
            await asyncio.sleep(0)
        tasks.create_task(examine("other", 0))
    assert done.index("other") <= 2
