"""Noticing that a client went away and stopping what was done for it, or going away oneself."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import Receive, Scope

__all__ = ["ClientGoneError", "abort", "disconnected", "unless_disconnected"]

_T = TypeVar("_T")


class ClientGoneError(Exception):
    """The client closed its connection before it had its reply; nobody is left to answer."""


async def disconnected(receive: Receive) -> None:
    """Return once the client is gone. The request's body has been read before."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_disconnected(work: Coroutine[Any, Any, _T], receive: Receive) -> _T:
    """The result of some work, which is cancelled if the client goes away first.

    Raises:
        ClientGoneError: it did.
    """
    task = asyncio.create_task(work)
    watcher = asyncio.create_task(disconnected(receive))
    try:
        await asyncio.wait((task, watcher), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        task.cancel()
        watcher.cancel()
        await asyncio.gather(task, watcher, return_exceptions=True)


def abort(scope: Scope) -> None:
    """Drop the connection with what its buffers hold, where the server lets us (``server.py``)."""
    server = scope.get("extensions", {}).get("senryu")
    if server:
        server["abort"]()
