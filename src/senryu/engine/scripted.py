"""A deterministic engine without a model, for protocol tests and benchmarks. Never a default.

Its tokens are UTF-8 bytes, and one id above 255 for each marker. It replies from a script, or with
the prompt's last user text, and can be made to wait, fail and refuse where a test wants it.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncGenerator, Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Literal

from senryu.core import Chunk, EngineInfo, FinishReason, Job, Prompt
from senryu.engine.base import EngineStatus
from senryu.errors import EngineError, OverloadedError, SenryuError

__all__ = ["SCRIPTED_INFO", "Gate", "ScriptedEngine"]

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
        script: the reply's text, chunk by chunk; None echoes the last user text in one chunk.
        info: what the engine claims to have loaded; its special tokens are the markers.
        gates: chunk number to a gate that comes before it; the number after the last chunk is the
            finish.
        errors: chunk number to what is raised instead of it.
        refusal: raised at admission.
        loading: whether to start without a model, until ``finish_loading``.

    Attributes:
        ended: what became of each job, in order, for tests to wait on.
        last_job: the job admitted last.
    """

    def __init__(
        self,
        script: Sequence[str] | None = None,
        *,
        info: EngineInfo = SCRIPTED_INFO,
        gates: Mapping[int, Gate] | None = None,
        errors: Mapping[int, Exception] | None = None,
        refusal: SenryuError | None = None,
        loading: bool = False,
    ) -> None:
        self._script = None if script is None else [_chunk(text) for text in script]
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

    async def tokenize(self, prompt: Prompt) -> tuple[int, ...]:
        """Bytes of the text, one id for each marker."""
        tokens: list[int] = []
        for segment in prompt.segments:
            if segment.special:
                tokens.append(self._ids[segment.text])
            else:
                tokens += segment.text.encode()
        return tuple(tokens)

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job and follow the script.

        Raises:
            OverloadedError: the engine is loading.
            SenryuError: the scripted refusal.
        """
        if self._refusal:
            raise self._refusal
        if not self._loaded:
            raise OverloadedError("this model is loading", retry_after_s=1)
        self.last_job = job
        self._num_running += 1
        chunks = self._script if self._script is not None else [_chunk(self._last_user(job))]
        return _Reply(self, self._follow(chunks, job.max_tokens))

    async def close(self) -> None:
        """Nothing to stop."""

    def job_ended(self, outcome: Literal["finished", "cancelled", "failed"]) -> None:
        """Note what became of a job."""
        self._num_running -= 1
        self.ended.put(outcome)

    async def _follow(self, chunks: list[Chunk], num_left: int) -> AsyncGenerator[Chunk]:
        for number, chunk in enumerate(chunks):
            await self._pass(number)
            if len(chunk.tokens) >= num_left:
                kept = chunk.tokens[:num_left]
                text = bytes(kept).decode(errors="ignore")
                self._num_generated += len(kept)
                yield Chunk(kept, text, FinishReason.LENGTH)
                return
            num_left -= len(chunk.tokens)
            self._num_generated += len(chunk.tokens)
            yield chunk
        await self._pass(len(chunks))
        yield Chunk((), "", FinishReason.END)

    async def _pass(self, number: int) -> None:
        """One step of the engine: the event loop turns, as it would while a model computes."""
        if number in self._gates:
            await self._gates[number].wait()
        if number in self._errors:
            raise self._errors[number]
        await asyncio.sleep(0)

    def _last_user(self, job: Job) -> str:
        runs: list[list[int]] = [[]]
        for token in job.tokens:
            if token > 255:
                runs.append([])
            else:
                runs[-1].append(token)
        texts = [bytes(run).decode() for run in runs]
        return [text for text in texts if text.startswith("user\n")][-1].removeprefix("user\n")


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


def _chunk(text: str) -> Chunk:
    return Chunk(tuple(text.encode()), text)
