"""One live worker seen from the API process: requests out, answers and chunks in.

It matches answers to who waits for them and keeps what a slow consumer has not taken yet joined
into one chunk, so that a reply never holds more than its own text. It starts and kills nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Any

from senryu.core import (
    CachedPrefix,
    CacheUse,
    Chunk,
    EngineInfo,
    FinishReason,
    Job,
    Prompt,
    PromptTokens,
)
from senryu.engine.base import EngineStatus
from senryu.engine.frames import (
    Accepted,
    Audit,
    Audited,
    Cached,
    Cancel,
    Failed,
    Forget,
    FrameBuffer,
    FromWorker,
    Generate,
    JobChunk,
    ListCache,
    Ready,
    Refused,
    Rejected,
    Report,
    Tokenize,
    Tokenized,
    ToWorker,
    decode_from_worker,
    encode,
)
from senryu.errors import EngineError, InvalidRequestError, OverloadedError

__all__ = ["LOST", "Connection"]

LOST = "the model worker stopped unexpectedly; the request was lost; send it again"
_READ_BYTES = 1 << 18
_FULL_RETRY_S = 5
_Admission = Accepted | Rejected | Refused


class _Stream(AsyncGenerator[Chunk, None]):
    """One job's reply. Not a generator function: closing one that never began must cancel too."""

    def __init__(self, connection: "Connection", job_id: str) -> None:
        self._connection = connection
        self._job_id = job_id
        self._tokens: list[int] = []
        self._texts: list[str] = []
        self._finish: FinishReason | None = None
        self._cache: CacheUse | None = None
        self._num_thinking = 0
        self._error: str | None = None
        self._filled = asyncio.Event()
        self._ended = False

    def put(self, chunk: Chunk) -> None:
        """Add what the worker sent to what nobody has taken yet."""
        self._tokens += chunk.tokens
        self._texts.append(chunk.text)
        self._finish = chunk.finish
        self._cache = self._cache or chunk.cache
        self._num_thinking += chunk.num_thinking
        self._filled.set()

    def fail(self, message: str) -> None:
        """End the reply with an error, after what is there already."""
        self._error = message
        self._filled.set()

    async def asend(self, value: None) -> Chunk:
        """The next chunk; being cancelled here ends the job, as in any generator."""
        if self._ended:
            raise StopAsyncIteration
        try:
            await self._filled.wait()
        except asyncio.CancelledError:
            self._stop()
            raise
        if not self._tokens and not self._texts:
            self._stop()
            raise EngineError(self._error or LOST)
        text = "".join(self._texts)
        chunk = Chunk(tuple(self._tokens), text, self._finish, self._cache, self._num_thinking)
        self._tokens, self._texts, self._cache, self._num_thinking = [], [], None, 0
        if self._error is None:
            self._filled.clear()
        if chunk.finish is not None:
            self._ended = True
        return chunk

    async def athrow(
        self,
        typ: type[BaseException] | BaseException,
        val: BaseException | object = None,
        tb: TracebackType | None = None,
        /,
    ) -> Any:
        """End the job and raise."""
        self._stop()
        del val, tb
        raise typ

    async def aclose(self) -> None:
        """End the job; harmless when it has ended."""
        self._stop()

    def _stop(self) -> None:
        if not self._ended:
            self._ended = True
            self._connection.cancel(self._job_id)


class Connection:
    """The frames to and from one worker."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._streams: dict[str, _Stream] = {}
        self._admissions: dict[str, asyncio.Future[_Admission]] = {}
        self._tokens: dict[int, asyncio.Future[Tokenized]] = {}
        self._audits: dict[int, asyncio.Future[str]] = {}
        self._cached: dict[int, asyncio.Future[tuple[CachedPrefix, ...]]] = {}
        self._heard_at = time.monotonic()
        self.info: EngineInfo | None = None
        self.failure = ""
        self.status = EngineStatus()

    async def send(self, frame: ToWorker) -> None:
        """Write a frame, waiting while the worker does not read."""
        self._writer.write(encode(frame))
        with contextlib.suppress(ConnectionError):  # noticed by whoever reads
            await self._writer.drain()

    async def changes(self) -> AsyncIterator[None]:
        """Read until the worker is gone; yields when it became ready or failed."""
        frames = FrameBuffer()
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(_READ_BYTES):
                self._heard_at = time.monotonic()
                for body in frames.feed(data):
                    frame = decode_from_worker(body)
                    self._take(frame)
                    if isinstance(frame, Ready | Failed):
                        yield

    def silent_s(self) -> float:
        """Seconds since the worker gave a sign of life, 0 when it has nothing to do."""
        if self.info is None or not (self._streams or self._tokens or self._audits or self._cached):
            return 0.0
        return time.monotonic() - self._heard_at

    async def tokenize(self, request_id: int, prompt: Prompt) -> PromptTokens:
        """Ask for a prompt's tokens.

        Raises:
            InvalidRequestError: the model cannot be shown a picture in it.
            EngineError: the worker died.
        """
        self._begin_work()
        answer = self._tokens[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(Tokenize(request_id, prompt.without_image_data()))
            found = await answer
        finally:
            del self._tokens[request_id]
        if found.problem:
            raise InvalidRequestError(found.problem)
        return found.tokens

    async def audit(self, request_id: int) -> str:
        """Ask for an audit; what is wrong, or nothing."""
        self._begin_work()
        answer = self._audits[request_id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(Audit(request_id))
            return await answer
        finally:
            del self._audits[request_id]

    async def cached(self, request: ListCache | Forget) -> tuple[CachedPrefix, ...]:
        """Ask for what is kept of a workspace's prompts, or have it dropped first."""
        self._begin_work()
        answer = self._cached[request.id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(request)
            return await answer
        finally:
            del self._cached[request.id]

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Send a job and wait until it is admitted.

        Raises:
            OverloadedError: the queue is full.
            InvalidRequestError: its grammar cannot be enforced, or its pictures not be shown.
            EngineError: the worker died.
        """
        self._begin_work()
        stream = self._streams[job.id] = _Stream(self, job.id)
        answer = self._admissions[job.id] = asyncio.get_running_loop().create_future()
        try:
            await self.send(Generate(job))
            admission = await answer
        except BaseException:
            await stream.aclose()
            raise
        finally:
            del self._admissions[job.id]
        if isinstance(admission, Accepted):
            return stream
        self._streams.pop(job.id, None)
        if isinstance(admission, Refused):
            raise InvalidRequestError(admission.message)
        raise OverloadedError("the queue is full; try again shortly", retry_after_s=_FULL_RETRY_S)

    def cancel(self, job_id: str) -> None:
        """Tell the worker to forget a job."""
        if self._streams.pop(job_id, None) is not None and not self._writer.is_closing():
            self._writer.write(encode(Cancel(job_id)))

    def fail(self, message: str) -> None:
        """End everything that waits with an ``EngineError``."""
        streams, self._streams = self._streams, {}
        for stream in streams.values():
            stream.fail(message)
        futures: list[asyncio.Future[Any]] = [
            *self._admissions.values(),
            *self._tokens.values(),
            *self._audits.values(),
            *self._cached.values(),
        ]
        for future in futures:
            if not future.done():
                future.set_exception(EngineError(message))

    async def close(self) -> None:
        """Close the socket."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def _begin_work(self) -> None:
        if self.silent_s() == 0.0:
            self._heard_at = time.monotonic()  # silence while idle was no fault

    def _take(self, frame: FromWorker) -> None:
        match frame:
            case Report():
                self.status = frame.status or self.status
                for item in frame.chunks:
                    self._deliver(item)
            case Tokenized():
                _answer(self._tokens, frame.id, frame)
            case Audited():
                _answer(self._audits, frame.id, frame.problem)
            case Cached():
                _answer(self._cached, frame.id, frame.prefixes)
            case Accepted() | Rejected() | Refused():
                _answer(self._admissions, frame.job_id, frame)
            case Ready():
                self.info = frame.info
            case Failed():
                self.failure = frame.message

    def _deliver(self, item: JobChunk) -> None:
        stream = self._streams.get(item.job_id)
        if stream is None:
            return  # cancelled while the step was under way
        stream.put(item.chunk)
        if item.error:
            stream.fail(item.error)
        if item.error or item.chunk.finish is not None:
            del self._streams[item.job_id]


def _answer(waiting: dict[Any, asyncio.Future[Any]], key: object, value: object) -> None:
    future = waiting.get(key)
    if future is not None and not future.done():
        future.set_result(value)
