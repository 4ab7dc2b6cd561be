"""The composition root: settings in, a running server out.

It is the only place that names concrete classes together. It decides start-up and shutdown, and
knows nothing of requests.
"""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
import uvicorn
import uvloop

from senryu import __version__
from senryu.api.app import create_app
from senryu.api.server import server_config
from senryu.api.services import Services
from senryu.core import EngineInfo
from senryu.engine.frames import WorkerConfig
from senryu.engine.model_id import default_id
from senryu.engine.supervisor import SupervisedEngine
from senryu.errors import EngineError, StartupError
from senryu.messages.cache_control import CacheRules
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, ServedModel
from senryu.settings import ModelSettings, Settings, local_url
from senryu.store.files import Files, open_files
from senryu.store.key_ring import KeyRing, open_key_ring
from senryu.store.uploads import FileLimits
from senryu.telemetry import Telemetry, configure_logging
from senryu.web.fetch import open_web

__all__ = ["run"]

_EMBEDDED_NAME = "SmolLM2 135M, a tiny model for trying things out"
_BACKLOG = 2048
_MB = 1_000_000
_DAY_S = 86_400
_LAST_WORDS_S = 3.0  # for streams to send their error event after the engines were closed
_KILLED = 130  # as shells report an end by Ctrl-C


def run(settings: Settings) -> int:
    """Serve until a signal ends it; returns the exit code.

    Raises:
        StartupError: the address or the data folder cannot be used, a model does not load, names
            clash.
    """
    configure_logging(settings.log_format, settings.log_level)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # it tells of its process, not of ours
    logging.getLogger("httpcore2").setLevel(logging.WARNING)  # it tells of clients' URLs
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # of clients' mistakes
    with _listen(settings.host, settings.port) as listener:
        return uvloop.run(_serve(settings, listener, _keys(settings)))


async def _serve(settings: Settings, listener: socket.socket, keys: KeyRing) -> int:
    models = [_model(model, settings) for model in settings.models]
    catalog = Catalog(models, settings.aliases)
    files = await _files(settings)
    memory = Memory(keys=keys)
    app = create_app(
        Services(settings, catalog, Telemetry(), files, memory, web=open_web(settings))
    )
    server = _Server(server_config(app, settings))
    base_url = local_url(settings.host, listener.getsockname()[1])
    print(f"Senryu {__version__} listens on {base_url} and loads its models ...", flush=True)
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve(sockets=[listener]))
            loading = tasks.create_task(_load(models, settings, base_url))
            stopping = tasks.create_task(_stop_on_signal(server, models, settings))
            sweeping = tasks.create_task(files.keep_swept())
            for other in (loading, stopping, sweeping):
                serving.add_done_callback(lambda _, other=other: other.cancel())
    except* StartupError as group:
        raise group.exceptions[0] from None
    finally:
        await _close(models)
        await files.close()
    return 0


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: ours know about the engines."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _model(model: ModelSettings, settings: Settings) -> ServedModel:
    config = WorkerConfig(
        source=model.source,
        projector=model.projector,
        window=model.window,
        cells=model.cells,
        max_running=model.max_running,
        max_queued=settings.max_queued,
        cache_entries=model.cache_entries,
        ram_bytes=None if model.cache_ram_mb is None else model.cache_ram_mb * _MB,
        disk_bytes=model.cache_disk_mb * _MB,
        speculation=model.speculation,
        calibrate=model.calibrate,
        threads=model.threads,
        batch_invariant=model.batch_invariant,
    )
    name = model.id or default_id(model.source)
    return ServedModel(
        id=name,
        display_name=_EMBEDDED_NAME if model.source == "embedded" else name,
        created_at=datetime.now(UTC),
        engine=SupervisedEngine(config, step_timeout_s=settings.step_timeout_s),
        cache=CacheRules(model.cache_min_tokens, settings.report_implicit_cache),
        redact_thinking=model.redact_thinking,
        images=model.images,
        pdf_pages=model.pdf_pages,
    )


def _keys(settings: Settings) -> KeyRing:
    rotate_after_s = settings.key_rotation_days * _DAY_S
    return open_key_ring(_data_folder(settings), rotate_after_s=rotate_after_s)


async def _files(settings: Settings) -> Files:
    url = settings.database_url
    return await open_files(
        _data_folder(settings),
        database_url=None if url is None else url.get_secret_value(),
        blob_store=settings.blob_store,
        limits=FileLimits(settings.max_file_bytes, settings.files_quota_mb * _MB),
    )


def _data_folder(settings: Settings) -> Path:
    return (settings.data_dir or platformdirs.user_data_path("senryu")).expanduser()


async def _load(models: Sequence[ServedModel], settings: Settings, base_url: str) -> None:
    """Start all engines and, when all are ready, say how to use the server."""
    for model in models:
        await model.engine.start()
    infos: list[EngineInfo] = []
    for model in models:
        try:
            infos.append(await model.engine.wait_ready())
        except EngineError as error:
            raise StartupError(f"model {model.id} cannot be loaded: {error.message}") from None
    print(_greeting(list(zip(models, infos, strict=True)), settings, base_url), flush=True)


def _greeting(
    models: Sequence[tuple[ServedModel, EngineInfo]], settings: Settings, base_url: str
) -> str:
    """What runs, and the lines that point a client at it."""
    lines = [
        f"Model {model.id}: {model.display_name if model.display_name != model.id else info.name}"
        f" ({info.architecture}, {info.quantization}, {_window(info)}"
        f"{', sees pictures' if info.sees else ''})"
        for model, info in models
    ]
    key = "YOUR_KEY" if settings.workspaces else "none"
    access = f"export ANTHROPIC_BASE_URL={base_url} ANTHROPIC_API_KEY={key}"
    return "\n".join(
        [
            *lines,
            "",
            "For an SDK:",
            f"  {access}",
            "For Claude Code:",
            f"  senryu code --base-url {base_url}",
            "",
            "Ready. Ctrl-C stops.",
        ]
    )


def _window(info: EngineInfo) -> str:
    text = f"window {info.window} tokens"
    if info.window <= info.training_context:
        return text
    return (
        f"{text}, beyond the {info.training_context} that it was trained for: positions are scaled"
        " by YaRN, and replies get worse"
    )


async def _stop_on_signal(
    server: uvicorn.Server, models: Sequence[ServedModel], settings: Settings
) -> None:
    """Wait for SIGTERM or Ctrl-C, then drain; cut what is left after the drain time."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        if asked.is_set():
            os._exit(_KILLED)  # asked twice: now, whatever is under way
        asked.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask)
    await asked.wait()
    print("Stopping: requests in flight may finish; Ctrl-C again ends at once.", file=sys.stderr)
    server.should_exit = True  # stops accepting, then waits for its connections
    await asyncio.sleep(settings.drain_timeout_s)
    await _close(models)  # what still streams ends with an error event
    await asyncio.sleep(_LAST_WORDS_S)
    server.force_exit = True  # a client that reads nothing cannot hold the server


async def _close(models: Sequence[ServedModel]) -> None:
    await asyncio.gather(*(model.engine.close() for model in models))


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, bound before anything is loaded: a port in use is told at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise StartupError(
                f"port {port} on {host} is in use; stop what uses it, or choose another with --port"
            ) from None
        raise StartupError(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return listener
