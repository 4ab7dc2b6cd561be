"""The worker process: reads frames, owns one engine, writes what each step produced.

``python -m senryu.engine.worker FD`` is started by the supervisor with one end of a socket pair.
The main thread reads frames and ends the process when the other end is gone, whatever the other
threads are doing; a small pool tokenises and compiles grammars; one thread loads and runs the
engine.
"""

import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from senryu.core import Job, PromptTokens
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
    ListCache,
    Load,
    Ready,
    Refused,
    Rejected,
    Report,
    Stop,
    Tokenize,
    Tokenized,
    WorkerConfig,
    decode_to_worker,
    encode,
)
from senryu.engine.llama.constrain import GRAMMAR_STACK_BYTES, GrammarError
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.pictures import SightError
from senryu.engine.llama.runner import Prepared, Runner
from senryu.engine.llama.slots import AuditError
from senryu.engine.llama.sources import resolve
from senryu.errors import StartupError

__all__ = ["main"]

_READ_BYTES = 1 << 18
_NUM_HELPERS = 3

_logger = logging.getLogger("senryu.engine.worker")

_FLUSH_S = 10.0


@dataclass(frozen=True, slots=True)
class _Admit:
    """A job whose reply was prepared."""

    job: Job
    prepared: Prepared | None


@dataclass(frozen=True, slots=True)
class _Look:
    """A picture is ready or lost: the engine need not wait for it any longer."""


_Command = Generate | _Admit | _Look | Cancel | Audit | ListCache | Forget | Stop


class _Outbox:
    """The socket's sending side, shared by all threads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def send(self, frame: FromWorker) -> None:
        """Write one whole frame; a supervisor that is gone ends the process."""
        data = encode(frame)
        with self._lock:
            try:
                self._connection.sendall(data)
            except OSError:
                os._exit(0)


class _EngineThread:
    """Loads the model, then alternates between commands and steps."""

    def __init__(self, outbox: _Outbox) -> None:
        self.commands: queue.SimpleQueue[_Command] = queue.SimpleQueue()
        self.runner: Runner | None = None
        self._outbox = outbox

    def run(self, config: WorkerConfig) -> None:
        """The thread's life; any failure ends the process, for nothing can go on without it."""
        try:
            runner = self._load(config)
            while True:
                self._turn(runner)
        except StartupError as error:
            self._outbox.send(Failed(str(error)))
        except Exception:
            _logger.exception("the engine failed")
        os._exit(1)

    def _load(self, config: WorkerConfig) -> Runner:
        began = time.monotonic()
        loaded = load(resolve(config.source, sees=config.projector is None), config)
        runner = Runner(loaded, config, wake=lambda: self.commands.put(_Look()))
        self.runner = runner
        info = loaded.info
        _logger.info(
            "loaded %s (%s, %s) in %.1f s: window %d, %d cells, %.0f MB",
            info.name,
            info.architecture,
            info.quantization,
            time.monotonic() - began,
            info.window,
            loaded.context.num_cells,
            info.memory_bytes / 1e6,
        )
        self._outbox.send(Ready(info))
        self._outbox.send(Report([], runner.status()))
        return runner

    def _turn(self, runner: Runner) -> None:
        """Take all commands (waiting for one when there is nothing to do), then one step."""
        had_work = runner.has_work
        while not self.commands.empty() or not runner.has_work:
            while not runner.has_work and self.commands.empty() and runner.tidy():
                pass  # nobody waits: the time to save prefixes
            self._obey(self.commands.get(), runner)
            had_work = had_work or runner.has_work
            if had_work and not runner.has_work:
                break  # the last job was cancelled
        if runner.has_work:
            begun = runner.plan()
            if begun:  # told before the prefill, which may take long
                self._outbox.send(Report(begun, runner.status()))
            if runner.last_step.rows:
                chunks = runner.compute()
                self._outbox.send(Report(chunks, runner.status_after(chunks)))
            elif runner.has_work:
                self._obey(self.commands.get(), runner)  # every job waits for a picture
        if had_work and not runner.has_work:
            runner.audit()
            self._outbox.send(Report([], runner.status()))

    def _obey(self, command: _Command, runner: Runner) -> None:
        match command:
            case Generate(job=job):
                self._admit(job, None, runner)
            case _Admit(job=job, prepared=prepared):
                self._admit(job, prepared, runner)
            case _Look():
                pass  # the next step finds it
            case Cancel(job_id=job_id):
                runner.cancel(job_id)
            case Audit(id=audit_id):
                self._outbox.send(Audited(audit_id, _problem(runner)))
            case ListCache(id=list_id, workspace=workspace):
                self._outbox.send(Cached(list_id, runner.cached(workspace)))
            case Forget(id=forget_id, workspace=workspace):
                runner.forget(workspace)
                self._outbox.send(Cached(forget_id, runner.cached(workspace)))
                self._outbox.send(Report([], runner.status()))
            case Stop():
                runner.close(_FLUSH_S)
                os._exit(0)

    def _admit(self, job: Job, prepared: Prepared | None, runner: Runner) -> None:
        try:
            accepted = _fits(job, runner) and runner.submit(job, prepared)
        except SightError as error:
            self._outbox.send(Refused(job.id, str(error)))
        else:
            self._outbox.send(Accepted(job.id) if accepted else Rejected(job.id))


class _Helpers:
    """What is done beside the engine's thread: tokenising, and preparing jobs that have a guide.

    A job can be cancelled while it is prepared; then the engine's thread never hears of it.
    """

    def __init__(self, engine: _EngineThread, outbox: _Outbox) -> None:
        self._engine = engine
        self._outbox = outbox
        self._pool = ThreadPoolExecutor(_NUM_HELPERS, "helper")
        self._lock = threading.Lock()
        self._preparing: set[str] = set()

    def tokenize(self, request: Tokenize) -> None:
        """Answer a request when it is its turn."""
        self._pool.submit(self._tokenize, request)

    def prepare(self, job: Job) -> None:
        """Prepare a job when it is its turn and hand it on."""
        with self._lock:
            self._preparing.add(job.id)
        self._pool.submit(self._prepare, job)

    def cancel(self, command: Cancel) -> None:
        """Forget a job, or have it forgotten."""
        with self._lock:
            if command.job_id in self._preparing:
                self._preparing.remove(command.job_id)
            else:
                self._engine.commands.put(command)

    def _tokenize(self, request: Tokenize) -> None:
        assert self._engine.runner is not None  # the supervisor asks only after Ready
        try:
            answer = Tokenized(request.id, self._engine.runner.tokenize(request.prompt))
        except SightError as error:
            answer = Tokenized(request.id, PromptTokens(()), str(error))
        self._outbox.send(answer)

    def _prepare(self, job: Job) -> None:
        assert self._engine.runner is not None
        refused = ""
        prepared = None
        try:
            prepared = self._engine.runner.prepare(job)
        except GrammarError as error:
            refused = f"the schema cannot be enforced: {error}"
        with self._lock:
            if job.id not in self._preparing:
                return  # it was cancelled
            self._preparing.remove(job.id)
            if not refused:
                self._engine.commands.put(_Admit(job, prepared))
        if refused:
            self._outbox.send(Refused(job.id, refused))


def _fits(job: Job, runner: Runner) -> bool:
    return bool(job.tokens) and len(job.tokens) + job.max_tokens <= runner.info.window


def _problem(runner: Runner) -> str:
    try:
        runner.audit()
    except AuditError as error:
        return str(error)
    return ""


def main(fd: int) -> None:
    """Serve the supervisor at the other end of ``fd`` until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to decide about
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    quiet_logs()
    connection = socket.socket(fileno=fd)
    outbox = _Outbox(connection)
    threading.stack_size(GRAMMAR_STACK_BYTES)  # address space, not memory
    engine = _EngineThread(outbox)
    helpers = _Helpers(engine, outbox)
    frames = FrameBuffer()
    while data := connection.recv(_READ_BYTES):
        for body in frames.feed(data):
            match decode_to_worker(body):
                case Load(config=config):
                    threading.Thread(target=engine.run, args=(config,), daemon=True).start()
                case Tokenize() as request:
                    helpers.tokenize(request)
                case Generate(job=job) if job.guide is not None:
                    helpers.prepare(job)
                case Cancel() as command:
                    helpers.cancel(command)
                case command:
                    engine.commands.put(command)
    os._exit(0)  # the supervisor is gone; nobody is left to finish anything for


if __name__ == "__main__":
    main(int(sys.argv[1]))
