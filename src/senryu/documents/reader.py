"""Reads files in a process of their own, and remembers what they said.

A request waits for its files, the event loop for nothing. What was read is kept by workspace and
digest for a while, because a conversation sends its files again with each turn.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

from anyio import BrokenWorkerProcess, to_process

from senryu.bounded import Bounded
from senryu.documents.facts import ImageFacts, Page, UnreadableError
from senryu.documents.process import Task, perform
from senryu.documents.turns import Turns
from senryu.errors import OverloadedError

__all__ = ["Reader"]

_MAX_PROCESSES: Final = 1  # each takes up to 1.5 GB, and reading one picture keeps a core busy
_MAX_ADMITTED: Final = 16  # requests whose files are in memory
_MAX_ADMITTED_OF_ONE: Final = 8
_MAX_WAITING: Final = 256
_RETRY_S: Final = 5
_TIMEOUT_S: Final = 120.0
_MAX_KEPT_BYTES: Final = 32_000_000  # per workspace
_ENTRY_COST: Final = 256


_Value = ImageFacts | bytes | str | tuple[Page, ...] | tuple[bytes, ...]
_Argument = str | int | tuple[tuple[int, int], ...] | None


@dataclass(slots=True)
class _Reading:
    """A task under way, and how many requests wait for it."""

    result: asyncio.Task[_Value]
    num_waiting: int = 0


class Reader:
    """Looks at images and reads documents. One for a server; its methods may run concurrently.

    Attributes:
        num_read: how many files were given to the worker; what was remembered does not count.
    """

    def __init__(self) -> None:
        self.num_read = 0
        self._processes = Turns(_MAX_PROCESSES, of_one=_MAX_PROCESSES)
        self._admitted = Turns(_MAX_ADMITTED, of_one=_MAX_ADMITTED_OF_ONE)
        self._kept: Bounded[Hashable, _Value] = Bounded(_MAX_KEPT_BYTES)
        self._under_way: dict[Hashable, _Reading] = {}

    @asynccontextmanager
    async def admitted(self, workspace: str) -> AsyncGenerator[None]:
        """A turn to hold files in memory and have them read. To wait for it costs no memory.

        Arguments:
            workspace: whose files they are; others' are never all that is read.

        Raises:
            OverloadedError: too many requests are waiting for theirs.
        """
        if self._admitted.num_waiting >= _MAX_WAITING:
            raise OverloadedError("too many files wait to be read", retry_after_s=_RETRY_S)
        async with self._admitted.take(workspace):
            yield

    async def examine_image(
        self, data: bytes, media_type: str | None, *, workspace: str
    ) -> ImageFacts:
        """What an image is.

        Arguments:
            data: the file.
            media_type: what it is said to be; None if nobody said.
            workspace: whose it is.

        Raises:
            UnreadableError: it cannot be read to its end, or is something else.
        """
        facts = await self._once("examine_image", data, media_type, workspace=workspace)
        return cast(ImageFacts, facts)

    async def prepare_image(self, data: bytes, *, width: int, height: int, workspace: str) -> bytes:
        """An image as a PNG file of this size. Raises what ``examine_image`` does."""
        prepared = await self._once("prepare_image", data, width, height, workspace=workspace)
        return cast(bytes, prepared)

    async def read_image(self, data: bytes, *, workspace: str) -> str:
        """What is written in an image; empty if nothing is. Raises what ``examine_image`` does."""
        return cast(str, await self._once("read_image", data, workspace=workspace))

    async def read_pdf(
        self, data: bytes, *, max_pages: int, has_ocr: bool, workspace: str
    ) -> tuple[Page, ...]:
        """Each page of a PDF.

        Arguments:
            data: the file.
            max_pages: how many it may have.
            has_ocr: whether a page without text is read as an image is.
            workspace: whose it is.

        Raises:
            UnreadableError: it cannot be read, or has more pages.
        """
        pages = await self._once("read_pdf", data, max_pages, has_ocr, workspace=workspace)
        return cast(tuple[Page, ...], pages)

    async def draw_pdf(
        self,
        data: bytes,
        *,
        sizes: tuple[tuple[int, int], ...],
        max_bytes: int,
        workspace: str,
    ) -> tuple[bytes, ...]:
        """Each page of a PDF as a JPEG file.

        Arguments:
            data: the file.
            sizes: width and height of each in pixels.
            max_bytes: what all of them may have together.
            workspace: whose it is.

        Raises:
            UnreadableError: they cannot be drawn, or have more.
        """
        drawn = await self._once("draw_pdf", data, sizes, max_bytes, workspace=workspace)
        return cast(tuple[bytes, ...], drawn)

    async def read_office(self, data: bytes, *, workspace: str) -> str:
        """A Word, Excel or PowerPoint file as Markdown. Raises what ``examine_image`` does."""
        return cast(str, await self._once("read_office", data, workspace=workspace))

    async def read_html(self, data: bytes, *, workspace: str) -> str:
        """An HTML page as Markdown. Raises what ``examine_image`` does."""
        return cast(str, await self._once("read_html", data, workspace=workspace))

    async def _once(self, task: Task, data: bytes, *arguments: _Argument, workspace: str) -> _Value:
        """What a task makes of a file: kept, under way, or now."""
        digest = await asyncio.to_thread(_digest, data)
        key = (task, digest, *arguments)
        kept = self._kept.get(workspace, key)
        if kept is not None:
            return kept
        place = (workspace, key)
        reading = self._under_way.get(place)
        if reading is None:
            work = self._perform(task, data, *arguments, workspace=workspace)
            reading = _Reading(asyncio.create_task(work))
            self._under_way[place] = reading
        reading.num_waiting += 1
        try:
            value = await asyncio.shield(reading.result)
        finally:
            reading.num_waiting -= 1
            if not reading.num_waiting:
                reading.result.cancel()  # nobody waits any more, or it is done
                self._under_way.pop(place, None)
        self._kept.keep(workspace, key, value, cost=_cost(value))
        return value

    async def _perform(
        self, task: Task, data: bytes, *arguments: _Argument, workspace: str
    ) -> _Value:
        async with self._processes.take(workspace):
            self.num_read += 1
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    return await to_process.run_sync(
                        perform, task, data, *arguments, cancellable=True
                    )
            except TimeoutError:
                raise UnreadableError(
                    f"the file takes longer than {_TIMEOUT_S:.0f} seconds to read; make it smaller"
                ) from None
            except BrokenWorkerProcess:
                raise UnreadableError(
                    "the file takes too much memory to read, or breaks what reads it"
                ) from None


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _cost(value: _Value) -> int:
    parts = value if isinstance(value, tuple) else (value,)
    return sum(map(_cost_of_part, parts), _ENTRY_COST)


def _cost_of_part(part: ImageFacts | Page | bytes | str) -> int:
    match part:
        case ImageFacts():
            return 0
        case Page():
            return _ENTRY_COST + len(part.text)
        case _:
            return len(part)
