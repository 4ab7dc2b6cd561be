"""A deterministic engine without a model, for protocol tests and benchmarks. Never a default.

Its tokens are UTF-8 bytes, one id above 255 for each marker, and negative ones for a picture where
it says that it sees. It replies from a script, or with
the prompt's last user text, and can be made to wait, fail and refuse where a test wants it. Its
prompt cache computes nothing and keeps only what a bill is made of: which entries live. It enforces
no guide, for it stands for a model that keeps to its script; it only tells which tokens are
reasoning.
"""

import asyncio
import dataclasses
import os.path
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Literal

from senryu.core import (
    CachedPrefix,
    CacheUse,
    Chunk,
    EngineInfo,
    FinishReason,
    Job,
    Prompt,
    PromptTokens,
    Reasoning,
    Segment,
)
from senryu.engine.base import EngineStatus
from senryu.errors import EngineError, InvalidRequestError, OverloadedError, SenryuError

__all__ = ["SCRIPTED_INFO", "Gate", "ScriptedCache", "ScriptedEngine"]

SCRIPTED_INFO = EngineInfo(
    name="Scripted SmolLM2",
    architecture="llama",
    num_params=0,
    file_size=0,
    quantization="none",
    training_context=4096,
    window=4096,
    chat_template=None,
    special_tokens=("<|im_start|>", "<|im_end|>", "<|endoftext|>"),
    bos="",
    eos="<|im_end|>",
    add_bos=False,
)

_END = Chunk((), "", FinishReason.END)
_PATCH = 28  # pixels of a side that one of a picture's tokens stands for, as in Qwen2-VL


class Gate:
    """A point in a script where replies wait until a test opens it, from any thread.

    Attributes:
        reached: set once a reply waits here, or would.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened: Future[None] = Future()

    @property
    def opened(self) -> bool:
        """Whether everything passes."""
        return self._opened.done()

    def open(self) -> None:
        """Let everything pass, now and later."""
        self._opened.set_result(None)

    async def wait(self) -> None:
        """Return once the gate is open."""
        self.reached.set()
        await asyncio.shield(asyncio.wrap_future(self._opened))


class ScriptedEngine:
    """An ``Engine`` that follows a script.

    Arguments:
        script: the reply's text, chunk by chunk; None echoes the last user text in one chunk. A
            chunk in it is sent as it is, with whatever tokens it has.
        info: what the engine claims to have loaded; its special tokens are the markers.
        gates: chunk number to a gate that comes before it; -1 is the job's getting its place, the
            number after the last chunk is the finish.
        errors: chunk number to what is raised instead of it.
        refusal: raised at admission.
        loading: whether to start without a model, until ``finish_loading``.
        clock: tells seconds; cache entries live by it.

    Attributes:
        ended: what became of each job, in order, for tests to wait on.
        last_job: the job admitted last.
        cache: the prompt cache.
    """

    def __init__(
        self,
        script: Sequence[str | Chunk] | None = None,
        *,
        info: EngineInfo = SCRIPTED_INFO,
        gates: Mapping[int, Gate] | None = None,
        errors: Mapping[int, Exception] | None = None,
        refusal: SenryuError | None = None,
        loading: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._script = None if script is None else [_chunk(part) for part in script]
        self._info = info
        self._ids = {text: 256 + index for index, text in enumerate(info.special_tokens)}
        self._gates = gates or {}
        self._errors = errors or {}
        self._refusal = refusal
        self._loaded = not loading
        self._num_running = 0
        self._num_generated = 0
        self.ended: queue.SimpleQueue[Literal["finished", "cancelled", "failed"]] = (
            queue.SimpleQueue()
        )
        self.last_job: Job | None = None
        self.cache = ScriptedCache(clock)

    async def start(self) -> None:
        """Nothing to load."""

    def finish_loading(self) -> None:
        """Take jobs from now on."""
        self._loaded = True

    async def wait_ready(self) -> EngineInfo:
        """The given info, at once.

        Raises:
            EngineError: the engine is still loading by script.
        """
        if not self._loaded:
            raise EngineError("this engine loads when its test says so")
        return self._info

    @property
    def info(self) -> EngineInfo | None:
        """The given info, None while loading."""
        return self._info if self._loaded else None

    def status(self) -> EngineStatus:
        """Jobs in flight and tokens generated."""
        return EngineStatus(
            ready=self._loaded,
            num_running=self._num_running,
            num_generated_tokens=self._num_generated,
        )

    async def tokenize(self, prompt: Prompt) -> PromptTokens:
        """Bytes of the text, one id for each marker."""
        ids: list[int] = []
        ends: dict[int, int] = {}
        for segment in prompt.segments:
            ids += self._tokens(segment)
            if segment.block is not None:
                ends[segment.block] = len(ids)
        return PromptTokens.with_ends(tuple(ids), ends)

    def _tokens(self, segment: Segment) -> Sequence[int]:
        if segment.special and segment.text in self._ids:
            return [self._ids[segment.text]]
        if segment.image is not None:
            if not self._info.sees:
                raise InvalidRequestError("this model sees no pictures")
            name = -1 - int(segment.image.digest[:7], 16)
            count = -(-segment.image.width // _PATCH) * -(-segment.image.height // _PATCH)
            return [name] * count
        return segment.text.encode() if segment.tokens is None else segment.tokens

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job and follow the script.

        Raises:
            OverloadedError: the engine is loading.
            SenryuError: the scripted refusal.
        """
        if self._refusal:
            raise self._refusal
        self._check_loaded()
        self.last_job = job
        self._num_running += 1
        chunks = self._script if self._script is not None else [_chunk(_last_user(job))]
        return _Reply(self, self._follow(chunks, job))

    async def cached(self, workspace: str) -> tuple[CachedPrefix, ...]:
        """What its prompt cache keeps; raises as ``generate`` does while loading."""
        self._check_loaded()
        return self.cache.kept(workspace)

    async def forget(self, workspace: str) -> None:
        """Empty a workspace's part of the prompt cache; raises likewise."""
        self._check_loaded()
        self.cache.forget(workspace)

    async def close(self) -> None:
        """Nothing to stop."""

    def job_ended(self, outcome: Literal["finished", "cancelled", "failed"]) -> None:
        """Note what became of a job."""
        self._num_running -= 1
        self.ended.put(outcome)

    def _check_loaded(self) -> None:
        if not self._loaded:
            raise OverloadedError("this model is loading", retry_after_s=1)

    async def _follow(self, chunks: list[Chunk], job: Job) -> AsyncGenerator[Chunk]:
        await self._pass(-1)
        yield Chunk((), "", cache=self.cache.read(job))
        num_left = job.max_tokens
        sections = _Sections(job.guide.reasoning if job.guide else None)
        for number, chunk in enumerate([*chunks, _END]):
            await self._pass(number)
            if number == 0:
                self.cache.write(job)
            if len(chunk.tokens) >= num_left:
                kept = chunk.tokens[:num_left]
                text = bytes(token for token in kept if token < 256).decode(errors="ignore")
                self._num_generated += len(kept)
                yield sections.counted(Chunk(kept, text, FinishReason.LENGTH))
                return
            num_left -= len(chunk.tokens)
            self._num_generated += len(chunk.tokens)
            yield sections.counted(chunk)

    async def _pass(self, number: int) -> None:
        """One step of the engine: the event loop turns, as it would while a model computes."""
        if number in self._gates:
            await self._gates[number].wait()
        if number in self._errors:
            raise self._errors[number]
        await asyncio.sleep(0)


class _Sections:
    """Counts the tokens of a reply's reasoning: of its text, as scripted tokens may be any."""

    def __init__(self, reasoning: Reasoning | None) -> None:
        self._reasoning = reasoning
        self._is_open = reasoning is not None and reasoning.is_open
        self._text = b""

    def counted(self, chunk: Chunk) -> Chunk:
        """A chunk with the number that is right if its tokens are the bytes of its text."""
        if self._reasoning is None:
            return chunk
        begin, end = self._reasoning.begin.encode(), self._reasoning.end.encode()
        num_thinking = 0
        for byte in chunk.text.encode():
            self._text = (self._text + bytes([byte]))[-max(len(begin), len(end)) :]
            num_thinking += self._is_open
            if self._text.endswith(end if self._is_open else begin):
                self._is_open = not self._is_open
                self._text = b""
        return dataclasses.replace(chunk, num_thinking=min(num_thinking, len(chunk.tokens)))


@dataclass(slots=True)
class _Entry:
    lifetime_s: int
    expires: float
    num_uses: int


class ScriptedCache:
    """A prompt cache of entries alone, each a workspace's prefix and the time it dies.

    Arguments:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, tuple[int, ...]], _Entry] = {}
        self._last: dict[str, tuple[int, ...]] = {}

    def read(self, job: Job) -> CacheUse:
        """What a job finds: the longest living entry it may read, which lives anew.

        Of what other jobs left without an entry, only the workspace's last prompt is remembered.
        """
        now, found = self._clock(), 0
        for point in job.cache_points:
            for position in (point.position, *point.lookback):
                entry = self._entries.get((job.workspace, job.tokens[:position]))
                if position > found and entry is not None and entry.expires > now:
                    found = position
        if found:
            entry = self._entries[job.workspace, job.tokens[:found]]
            entry.expires = now + entry.lifetime_s
            entry.num_uses += 1
        shared = os.path.commonprefix([job.tokens, self._last.get(job.workspace, ())])
        return CacheUse(cached=min(max(found, len(shared)), len(job.tokens) - 1), read=found)

    def write(self, job: Job) -> None:
        """Keep what a job asks to be kept, as it begins to reply."""
        now = self._clock()
        for point in job.cache_points:
            key = job.workspace, job.tokens[: point.position]
            old = self._entries.get(key)
            num_uses = old.num_uses if old is not None and old.expires > now else 0
            self._entries[key] = _Entry(point.lifetime_s, now + point.lifetime_s, num_uses)
        self._last[job.workspace] = job.tokens

    def kept(self, workspace: str) -> tuple[CachedPrefix, ...]:
        """A workspace's living entries, then its last prompt."""
        now = self._clock()
        living = (
            CachedPrefix(len(tokens), entry.num_uses, entry.lifetime_s, entry.expires - now)
            for (owner, tokens), entry in self._entries.items()
            if owner == workspace and entry.expires > now
        )
        last = self._last.get(workspace)
        return (*living, *([CachedPrefix(len(last), 0)] if last else []))

    def forget(self, workspace: str) -> None:
        """Lose what is a workspace's."""
        self._entries = {key: kept for key, kept in self._entries.items() if key[0] != workspace}
        self._last.pop(workspace, None)

    def evict(self) -> None:
        """Lose everything, as an engine short of memory may."""
        self._entries.clear()
        self._last.clear()


class _Reply(AsyncGenerator[Chunk, None]):
    """A reply that notices being closed even before its first chunk was asked for."""

    def __init__(self, engine: ScriptedEngine, chunks: AsyncGenerator[Chunk]) -> None:
        self._engine = engine
        self._chunks = chunks
        self._ended = False

    async def asend(self, value: None) -> Chunk:
        try:
            chunk = await self._chunks.asend(value)
        except StopAsyncIteration:
            raise
        except asyncio.CancelledError:
            self._end("cancelled")
            raise
        except Exception:
            self._end("failed")
            raise
        if chunk.finish:
            self._end("finished")
        return chunk

    async def athrow(
        self,
        typ: "type[BaseException] | BaseException",
        val: "BaseException | object" = None,
        tb: TracebackType | None = None,
    ) -> Chunk:
        raise NotImplementedError

    async def aclose(self) -> None:
        self._end("cancelled")
        await self._chunks.aclose()

    def _end(self, outcome: Literal["finished", "cancelled", "failed"]) -> None:
        if not self._ended:
            self._ended = True
            self._engine.job_ended(outcome)


def _chunk(part: str | Chunk) -> Chunk:
    return part if isinstance(part, Chunk) else Chunk(tuple(part.encode()), part)


def _last_user(job: Job) -> str:
    runs: list[list[int]] = [[]]
    for token in job.tokens:
        if not 0 <= token <= 255:
            runs.append([])
        else:
            runs[-1].append(token)
    texts = [bytes(run).decode() for run in runs]
    return [text for text in texts if text.startswith("user\n")][-1].removeprefix("user\n")
