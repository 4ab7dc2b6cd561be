"""Keeps a worker process alive and speaks to it: the ``Engine`` that the API process uses.

A worker that dies or hangs costs the jobs in flight an ``EngineError`` and nothing else: it is
started again with growing pauses. This module loads no native code and knows no model format.
"""

import asyncio
import contextlib
import dataclasses
import itertools
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncGenerator, Sequence

from senryu.core import CachedPrefix, Chunk, EngineInfo, Job, Prompt, PromptTokens
from senryu.engine.base import EngineStatus
from senryu.engine.connection import LOST, Connection
from senryu.engine.frames import Forget, ListCache, Load, Stop, WorkerConfig
from senryu.errors import EngineError, OverloadedError

__all__ = ["SupervisedEngine"]

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 30.0
_HEALTHY_S = 60.0
_LOADING_RETRY_S = 2
_LAST_WORDS_S = 15.0
_EXIT_S = 2.0
_WORKER = (sys.executable, "-m", "senryu.engine.worker")
_ENVIRONMENT = {
    # How long native threads that wait for each other spin before they sleep. Measured on 2 cores,
    # tokens/s at 1 and 16 streams, alone and beside another busy process:
    # 1,000: 116, 244 and 32, 162; 3,000: 112, 353 and 19, 113; 20,000: 103, 344 and 6, unfinished.
    "GOMP_SPINCOUNT": "3000",
    # A native abort ends the process at once, not after a debugger has looked at it.
    "GGML_NO_BACKTRACE": "1",
}
_TOTALS = (
    "num_prompts",
    "num_cache_hits",
    "num_prefilled_tokens",
    "num_cached_tokens",
    "num_generated_tokens",
    "num_drafted_tokens",
    "num_accepted_tokens",
    "num_saved_blocks",
    "num_loaded_blocks",
    "num_preemptions",
)

_logger = logging.getLogger("senryu.engine.supervisor")


class SupervisedEngine:
    """An engine in a process of its own.

    Arguments:
        config: what the worker loads.
        step_timeout_s: a worker with work that says nothing for so long is killed.
        ready_timeout_s: how long a request waits for a worker that is loading.
        command: the worker's command line, to which the socket's number is appended.
    """

    def __init__(
        self,
        config: WorkerConfig,
        *,
        step_timeout_s: float = 300.0,
        ready_timeout_s: float = 5.0,
        command: Sequence[str] = _WORKER,
    ) -> None:
        self._config = config
        self._step_timeout_s = step_timeout_s
        self._ready_timeout_s = ready_timeout_s
        self._command = tuple(command)
        self._connection: Connection | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._info: EngineInfo | None = None
        self._error: str | None = None  # why there will never be a worker (again)
        self._earlier = EngineStatus()  # totals of workers that are gone
        self._num_restarts = 0
        self._ids = itertools.count(1)

    @property
    def info(self) -> EngineInfo | None:
        """What was found in the model, None until the first load ended."""
        return self._info

    @property
    def worker_pid(self) -> int | None:
        """Process id of the worker, None while there is none."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start the worker and return at once."""
        if self._task is None and self._error is None:
            self._task = asyncio.create_task(self._supervise(), name="engine supervisor")

    async def wait_ready(self) -> EngineInfo:
        """Wait for the first load to end; raises ``EngineError`` saying why it failed."""
        while True:
            if self._error is not None:
                raise EngineError(self._error)
            if self._info is not None:
                return self._info
            await self._changed.wait()

    def status(self) -> EngineStatus:
        """Load and totals, of all workers so far."""
        connection = self._connection
        now = EngineStatus()
        if connection is not None and connection.info is not None:
            now = connection.status
        totals = {name: getattr(self._earlier, name) + getattr(now, name) for name in _TOTALS}
        ready = connection is not None and connection.info is not None
        return dataclasses.replace(now, ready=ready, num_restarts=self._num_restarts, **totals)

    async def tokenize(self, prompt: Prompt) -> PromptTokens:
        """The prompt's tokens, from the worker."""
        connection = await self._connected()
        return await connection.tokenize(next(self._ids), prompt)

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job; see ``Engine.generate``."""
        connection = await self._connected()
        return await connection.generate(job)

    async def cached(self, workspace: str) -> tuple[CachedPrefix, ...]:
        """What the worker keeps of a workspace's prompts."""
        connection = await self._connected()
        return await connection.cached(ListCache(next(self._ids), workspace))

    async def forget(self, workspace: str) -> None:
        """Have the worker drop it."""
        connection = await self._connected()
        await connection.cached(Forget(next(self._ids), workspace))

    async def audit(self) -> None:
        """Have the worker prove its memory accounts.

        Raises:
            EngineError: they do not add up, or the worker died.
        """
        connection = await self._connected()
        problem = await connection.audit(next(self._ids))
        if problem:
            raise EngineError(f"engine audit: {problem}")

    async def close(self) -> None:
        """Stop the worker and end every job in flight; harmless when done already.

        A worker that is ready gets a little time to write down what should outlive it.
        """
        self._end("the engine was stopped; the request was lost")
        task, connection = self._task, self._connection
        if task is None:
            return
        if connection is not None and connection.info is not None:
            connection.fail(self._error or LOST)
            await connection.send(Stop())
            await asyncio.wait([task], timeout=_LAST_WORDS_S)
        if not task.done():
            task.cancel()
            await asyncio.wait([task])

    async def _connected(self) -> Connection:
        """The worker's connection, waiting a little while for one that is loading."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._ready_timeout_s):
                while True:
                    if self._error is not None:
                        raise EngineError(self._error)
                    if self._connection is not None and self._connection.info is not None:
                        return self._connection
                    await self._changed.wait()
        raise OverloadedError(
            "the model is being loaded; try again shortly", retry_after_s=_LOADING_RETRY_S
        )

    def _announce(self) -> None:
        """Wake everyone who waits for a change of state."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _end(self, reason: str) -> None:
        if self._error is None:
            self._error = reason
        self._announce()

    async def _supervise(self) -> None:
        """Run workers one after another until one cannot load or the engine is closed."""
        pause = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            failure = await self._run_worker()
            if self._error is not None:
                return  # it was asked to stop
            if self._info is None:
                self._end(failure)
                return
            if time.monotonic() - began >= _HEALTHY_S:
                pause = _FIRST_PAUSE_S
            _logger.error("the model worker stopped; starting it again in %.1f s", pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            self._num_restarts += 1

    async def _run_worker(self) -> str:
        """One worker from birth to death; returns why it ended, if it never was ready."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    env={**_ENVIRONMENT, **os.environ},
                )
            except BaseException:
                ours.close()
                raise
        self._process = process
        connection = None
        try:
            reader, writer = await asyncio.open_connection(sock=ours)
            connection = self._connection = Connection(reader, writer)
            failure = await self._listen(connection)
        finally:
            await self._bury(process, connection)
        return failure or _died_loading(process.returncode)

    async def _listen(self, connection: Connection) -> str:
        """Serve the connection until the worker is gone or hangs."""
        await connection.send(Load(self._config))
        watchdog = asyncio.create_task(self._watch(connection), name="engine watchdog")
        try:
            async for _ in connection.changes():
                if connection.info is not None:
                    self._info = self._info or connection.info
                self._announce()
        finally:
            watchdog.cancel()
            await asyncio.wait([watchdog])
        return connection.failure

    async def _watch(self, connection: Connection) -> None:
        """Kill a worker that has work and takes no step."""
        while True:
            await asyncio.sleep(self._step_timeout_s / 4)
            if connection.silent_s() > self._step_timeout_s and self._process is not None:
                _logger.error("the model worker took no step in %.0f s", self._step_timeout_s)
                self._process.kill()

    async def _bury(
        self, process: asyncio.subprocess.Process, connection: Connection | None
    ) -> None:
        """Make sure that the worker is dead and nobody waits for it."""
        self._connection = None
        if connection is not None:
            totals = {
                name: getattr(self._earlier, name) + getattr(connection.status, name)
                for name in _TOTALS
            }
            self._earlier = dataclasses.replace(self._earlier, **totals)
            connection.fail(self._error or LOST)
            await connection.close()  # a worker whose socket is gone exits by itself
        try:
            async with asyncio.timeout(_EXIT_S if connection is not None else 0):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._process = None
        self._announce()


def _died_loading(code: int | None) -> str:
    """What is known of a worker that said nothing: native code kills its process by a signal."""
    how = f"by {signal.Signals(-code).name}" if code is not None and code < 0 else f"with {code}"
    return (
        f"the model worker ended {how} while it loaded the model; "
        "docs/install.md, under 'What can go wrong', says what to do"
    )
