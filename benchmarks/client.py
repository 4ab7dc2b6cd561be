"""The load client: HTTP/1.1 on loopback, timestamps of events, the same for all servers.

It is written on plain sockets because it shares the machine with the servers it measures: a full
HTTP client costs several times as much of the processor for each event. It knows nothing of what is
measured, and only as much of HTTP as the measured servers speak.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "BadAnswerError",
    "ChunkDecoder",
    "Connection",
    "EventSplitter",
    "Reply",
    "connect",
    "prompt_tokens",
    "stream_message",
]

_READ_BYTES = 65536


class BadAnswerError(Exception):
    """A server answered with an error, or with something that is not HTTP."""


class ChunkDecoder:
    """Removes HTTP's chunked transfer encoding, wherever the bytes are cut."""

    def __init__(self) -> None:
        self._buffer = b""
        self.done = False

    def feed(self, data: bytes) -> bytes:
        """The body bytes that are complete with ``data``; sets ``done`` at the end of the body."""
        self._buffer += data
        parts: list[bytes] = []
        while not self.done:
            line, end, rest = self._buffer.partition(b"\r\n")
            size = int(line.partition(b";")[0] or b"0", 16) if end else 0
            if not end or len(rest) < size + 2:
                break
            parts.append(rest[:size])
            self._buffer = rest[size + 2 :]
            self.done = size == 0
        return b"".join(parts)


class EventSplitter:
    """Cuts a stream of server-sent events into (name, data) pairs."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The events that are complete with ``data``."""
        *whole, self._buffer = (self._buffer + data).split(b"\n\n")
        return [self._parse(event) for event in whole if event.strip()]

    def _parse(self, event: bytes) -> tuple[bytes, bytes]:
        fields = dict(line.split(b": ", 1) for line in event.splitlines() if b": " in line)
        return fields.get(b"event", b""), fields.get(b"data", b"")


@dataclass(slots=True)
class Reply:
    """What a client saw of one streamed message; times are seconds of one monotonic clock.

    Arguments:
        sent: when the request was written.
        arrivals: when each piece of text arrived, in order.
        ended: when the last usage report arrived.
        input_tokens: the prompt's length as the server reported it, cached parts included.
        read_tokens: how much of that it reported as read from a cache.
        output_tokens: the reply's length as the server reported it.
        deltas: the events that came with the pieces of text, as JSON.
    """

    sent: float
    arrivals: list[float] = field(default_factory=list[float])
    ended: float = 0.0
    input_tokens: int = 0
    read_tokens: int = 0
    output_tokens: int = 0
    deltas: list[bytes] = field(default_factory=list[bytes])

    @property
    def text(self) -> str:
        """All text; it is read out of the events only when it is asked for."""
        return "".join(json.loads(delta)["delta"]["text"] for delta in self.deltas)

    @property
    def first(self) -> float:
        """When the first text arrived, or the end of a reply without text."""
        return self.arrivals[0] if self.arrivals else self.ended


class Connection:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, path: str, body: bytes) -> bytes:
        """Send a request and read the whole body of its answer.

        Raises:
            BadAnswerError: the status is not 200; the message has the answer.
        """
        return b"".join([part async for part in self._exchange(path, body)])

    async def stream(self, path: str, body: bytes) -> AsyncGenerator[bytes]:
        """Send a request and yield the body of its answer as it arrives.

        Raises:
            BadAnswerError: the status is not 200; the message has the answer.
        """
        async with aclosing(self._exchange(path, body)) as parts:
            async for part in parts:
                yield part

    async def _exchange(self, path: str, body: bytes) -> AsyncGenerator[bytes]:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"anthropic-version: 2023-06-01\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        status, headers = await self._read_head()
        if status != 200:
            text = b"".join([part async for part in self._body(headers)])
            raise BadAnswerError(f"{path}: {status} {text[:500].decode(errors='replace')}")
        async for part in self._body(headers):
            yield part

    async def _read_head(self) -> tuple[int, dict[str, str]]:
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _body(self, headers: Mapping[str, str]) -> AsyncGenerator[bytes]:
        if headers.get("transfer-encoding", "") != "chunked":
            yield await self._reader.readexactly(int(headers["content-length"]))
            return
        decoder = ChunkDecoder()
        while not decoder.done:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                raise BadAnswerError("the connection ended inside a reply")
            yield decoder.feed(data)


@asynccontextmanager
async def connect(port: int) -> AsyncGenerator[Connection]:
    """A connection to a server on this machine, closed at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


async def stream_message(port: int, body: Mapping[str, Any], reply: Reply | None = None) -> Reply:
    """Stream one message on a connection of its own.

    Arguments:
        port: the server's.
        body: the request without ``stream``.
        reply: is filled in while the message arrives; left out, a new one.

    Raises:
        BadAnswerError: the server answered with an error status or an error event.
    """
    content = json.dumps({**body, "stream": True}).encode()
    splitter = EventSplitter()
    reply = reply or Reply(0.0)
    reply.sent = time.perf_counter()
    async with connect(port) as connection:
        async for data in connection.stream("/v1/messages", content):
            now = time.perf_counter()
            for name, value in splitter.feed(data):
                if name == b"content_block_delta":
                    reply.arrivals.append(now)
                    reply.deltas.append(value)
                elif name in (b"message_start", b"message_delta", b"error"):
                    _take(reply, json.loads(value), now)
    return reply


def prompt_tokens(usage: Mapping[str, Any]) -> int:
    """A prompt's length by a usage report, whose ``input_tokens`` leave cached parts out."""
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(part) or 0 for part in parts)


def _take(reply: Reply, event: Mapping[str, Any], now: float) -> None:
    match event["type"]:
        case "message_start":
            usage = event["message"]["usage"]
            reply.input_tokens = prompt_tokens(usage)
            reply.read_tokens = usage.get("cache_read_input_tokens") or 0
        case "message_delta":
            reply.output_tokens = event["usage"]["output_tokens"]
            reply.ended = now
        case _:
            raise BadAnswerError(f"error event: {event}")
