"""Events to bytes on a connection, while watching that connection.

Three tasks share one reply: one writes its events, one looks at the clock now and then, to fill
silence and to give up on a client that takes nothing, one waits for the client to go away.
Whichever ends first decides; the others are cancelled, and with them the engine's job. Only this
file knows whether a failure still can be a status: once the stream has begun it is an ``error``
event.
"""

import asyncio
import time
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from senryu.api.disconnect import abort, disconnected
from senryu.api.errors import unexpected
from senryu.api.services import note_events, note_usage
from senryu.errors import SenryuError
from senryu.messages.turn import Turn
from senryu.settings import Settings
from senryu.telemetry import Access, Telemetry
from senryu.wire.errors import ErrorBody
from senryu.wire.events import ErrorEvent, MessageStart, Ping, StreamEvent

__all__ = ["EventStream", "encode"]

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",  # proxies must not collect events
}


def encode(event: StreamEvent) -> bytes:
    """An event as server-sent bytes."""
    return f"event: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


_PING = encode(Ping())


def _with_ping(event: StreamEvent) -> bytes:
    """An event, and after the first one the ping that the API sends there."""
    return encode(event) + _PING if isinstance(event, MessageStart) else encode(event)


class EventStream(Response):
    """The response that streams a turn.

    Arguments:
        turn: admitted and not iterated yet; always closed in the end.
        access: the request's record, which gets the counts.
    """

    def __init__(
        self, turn: Turn, *, access: Access, telemetry: Telemetry, settings: Settings
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._turn = turn
        self._access = access
        self._telemetry = telemetry
        self._settings = settings
        self._is_writing = False
        self._moved_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reply ends, the client is gone, or it stops reading."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        self._moved_at = time.monotonic()
        stream = asyncio.create_task(self._stream(send))
        clock = asyncio.create_task(self._watch_clock(send))
        watcher = asyncio.create_task(disconnected(receive))
        tasks = (stream, clock, watcher)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if stream.done():
                stream.result()
            elif watcher.done():
                self._access.outcome = "disconnected"
            else:
                clock.result()
                self._access.outcome = "stalled"
                abort(scope)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._turn.aclose()
            note_usage(self._access, self._turn.usage)

    async def _stream(self, send: Send) -> None:
        """Write what each chunk of the reply makes certain, in one piece, and the end.

        While the client takes nothing this waits, and the engine's connection joins the chunks
        that come meanwhile: what is pending is never more than the reply's own text.
        """
        try:
            async with aclosing(self._turn.events()) as reply:
                async for events in reply:
                    note_events(self._telemetry, self._access, events)
                    await self._write(send, b"".join(map(_with_ping, events)))
        except SenryuError as error:
            await self._write(send, self._break(error))
        except Exception as error:  # noqa: BLE001 the process's edge: the client must be told
            await self._write(send, self._break(unexpected(error)))
        await self._write(send, b"", more=False)

    def _break(self, error: SenryuError) -> bytes:
        self._access.outcome = error.type
        body = ErrorBody(type=error.type, message=error.message)
        return encode(ErrorEvent(error=body, request_id=self._access.request_id))

    async def _write(self, send: Send, data: bytes, *, more: bool = True) -> None:
        self._moved_at = time.monotonic()
        self._is_writing = True
        await send({"type": "http.response.body", "body": data, "more_body": more})
        self._is_writing = False

    async def _watch_clock(self, send: Send) -> None:
        """Ping whenever nothing was written for long; return once a write takes too long.

        One sleep after another, not a timer for each write, for there is a write for each token.
        """
        patience, silence = self._settings.stall_timeout_s, self._settings.ping_interval_s
        while True:
            quiet = time.monotonic() - self._moved_at
            limit = patience if self._is_writing else silence
            if quiet < limit:  # no longer than either, for a write may begin meanwhile
                await asyncio.sleep(min(limit - quiet, patience))
            elif self._is_writing:
                return
            else:
                try:
                    async with asyncio.timeout(patience):
                        await self._write(send, _PING)
                except TimeoutError:
                    return
