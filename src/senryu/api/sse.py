"""Events to bytes on a connection, while watching that connection.

Three tasks share one reply: one takes events from the turn, one writes what is pending in as few
writes as possible, one waits for the client to go away. Whichever ends first decides; the others
are cancelled, and with them the engine's job. Only this file knows whether a failure still can be a
status: once the stream has begun it is an ``error`` event.
"""

import asyncio
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from senryu.api.disconnect import abort, disconnected
from senryu.api.errors import unexpected
from senryu.api.services import note_usage
from senryu.errors import SenryuError
from senryu.messages.turn import Turn
from senryu.settings import Settings
from senryu.telemetry import Access, Telemetry
from senryu.wire.errors import ErrorBody
from senryu.wire.events import ContentBlockDelta, ErrorEvent, MessageStart, Ping, StreamEvent

__all__ = ["EventStream", "encode"]

_MAX_PENDING_BYTES = 256 * 1024  # of events that the client has not taken yet
_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",  # proxies must not collect events
}


def encode(event: StreamEvent) -> bytes:
    """An event as server-sent bytes."""
    return f"event: {event.type}\ndata: {event.model_dump_json()}\n\n".encode()


_PING = encode(Ping())


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
        self._pending = _Pending()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until the reply ends, the client is gone, or it stops reading."""
        producer = asyncio.create_task(self._produce())
        writer = asyncio.create_task(self._write(send))
        watcher = asyncio.create_task(disconnected(receive))
        try:
            await asyncio.wait((writer, watcher), return_when=asyncio.FIRST_COMPLETED)
            if not writer.done():
                self._access.outcome = "disconnected"
            elif isinstance(writer.exception(), TimeoutError):
                self._access.outcome = "stalled"
                abort(scope)
            else:
                writer.result()
        finally:
            for task in (producer, writer, watcher):
                task.cancel()
            await asyncio.gather(producer, writer, watcher, return_exceptions=True)
            await self._turn.aclose()
            note_usage(self._access, self._turn.usage)

    async def _produce(self) -> None:
        try:
            async with aclosing(self._turn.events()) as events:
                async for event in events:
                    await self._pending.put(encode(event))
                    if isinstance(event, ContentBlockDelta):
                        self._telemetry.text_sent(self._access)
                    elif isinstance(event, MessageStart):
                        self._telemetry.reply_begun(self._access)
                        await self._pending.put(_PING)
        except SenryuError as error:
            await self._break(error)
        except Exception as error:  # noqa: BLE001 the process's edge: the client must be told
            await self._break(unexpected(error))
        finally:
            self._pending.close()

    async def _break(self, error: SenryuError) -> None:
        self._access.outcome = error.type
        body = ErrorBody(type=error.type, message=error.message)
        await self._pending.put(encode(ErrorEvent(error=body, request_id=self._access.request_id)))

    async def _write(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while (data := await self._next()) is not None:
            async with asyncio.timeout(self._settings.stall_timeout_s):
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes | None:
        """All that is pending, a ping after long silence, None at the end."""
        try:
            async with asyncio.timeout(self._settings.ping_interval_s):
                return await self._pending.take()
        except TimeoutError:
            return _PING


class _Pending:
    """Encoded events on their way from the producer to the writer, bounded in bytes."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._num_bytes = 0
        self._closed = False
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    async def put(self, data: bytes) -> None:
        """Add an event; wait while too much is pending."""
        self._parts.append(data)
        self._num_bytes += len(data)
        self._filled.set()
        if self._num_bytes > _MAX_PENDING_BYTES:
            self._emptied.clear()
            await self._emptied.wait()

    async def take(self) -> bytes | None:
        """Everything pending, as soon as there is something; None after the last."""
        await self._filled.wait()
        if not self._parts:
            return None
        data = b"".join(self._parts)
        self._parts.clear()
        self._num_bytes = 0
        self._emptied.set()
        if not self._closed:
            self._filled.clear()
        return data

    def close(self) -> None:
        """Nothing will be added."""
        self._closed = True
        self._filled.set()
