"""The HTTP app on a real server in this process, over a scripted engine."""

import asyncio
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import uvicorn

from senryu.api.app import create_app
from senryu.api.server import server_config
from senryu.api.services import Services
from senryu.engine.scripted import ScriptedEngine
from senryu.messages.cache_control import CacheRules
from senryu.messages.resolve import Catalog, ServedModel
from senryu.settings import Images, PdfPages, Settings
from senryu.store.files import Files
from senryu.telemetry import Telemetry
from senryu.web.fetch import open_web
from senryu.web.network import Resolve, resolve
from tests.support.files import open_store

__all__ = ["MODEL", "RunningApp", "ask", "running_app"]

MODEL = "scripted"
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RunningApp:
    """An app that answers.

    Arguments:
        base_url: where it listens.
        client: an HTTP client for that address.
        engine: the engine behind its one model.
        services: what the app was made of.
    """

    base_url: str
    client: httpx2.Client
    engine: ScriptedEngine
    services: Services
    _address: tuple[str, int] = field(repr=False)

    def connect(self) -> socket.socket:
        """A raw connection, for tests of what HTTP clients do not do."""
        return socket.create_connection(self._address, timeout=10)

    def post(self, body: Any, **headers: str) -> httpx2.Response:
        """Send a body to ``/v1/messages``."""
        return self.client.post("/v1/messages", json=body, headers=headers)


def ask(text: str = "hello", **fields: Any) -> dict[str, Any]:
    """A request's body: one user message, and any other fields."""
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "max_tokens": 100, "messages": messages} | fields


@contextmanager
def running_app(
    engine: ScriptedEngine | None = None,
    *,
    aliases: Mapping[str, str] | None = None,
    cache_min_tokens: int = 4096,
    redact_thinking: bool = False,
    images: Images | None = None,
    pdf_pages: PdfPages = "pictures",
    clock: Callable[[], float] = time.time,
    resolve: Resolve = resolve,
    **settings: Any,
) -> Generator[RunningApp]:
    """Serve the app from a thread until the block ends.

    Arguments:
        engine: what generates; by default it echoes.
        aliases: other names of the model.
        cache_min_tokens: the model's shortest cacheable prefix.
        redact_thinking: whether the model's reasoning is for nobody to read.
        images: what becomes of images.
        pdf_pages: what becomes of PDFs where images are shown.
        clock: tells the time by which its files expire.
        resolve: finds the addresses of hosts in URLs.
        settings: fields of ``Settings``.
    """
    engine = engine or ScriptedEngine()
    chosen = Settings(port=0, **settings)
    rules = CacheRules(cache_min_tokens, chosen.report_implicit_cache)
    model = ServedModel(
        MODEL,
        "Scripted",
        _CREATED,
        engine,
        rules,
        redact_thinking=redact_thinking,
        images=images,
        pdf_pages=pdf_pages,
    )
    catalog = Catalog([model], aliases or {})
    folder = tempfile.TemporaryDirectory()
    files = asyncio.run(_files(chosen, Path(folder.name), clock))
    services = Services(chosen, catalog, Telemetry(), files, web=open_web(chosen, resolve=resolve))
    listener = socket.create_server(("127.0.0.1", 0))
    server = _Server(server_config(create_app(services), chosen))
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, listener, files)))
    thread.start()
    server.up.wait()
    address = listener.getsockname()
    base_url = f"http://127.0.0.1:{address[1]}"
    try:
        # nothing is encrypted, and to load certificates takes longer than most tests
        with httpx2.Client(base_url=base_url, timeout=20, verify=False) as client:
            yield RunningApp(base_url, client, engine, services, address)
    finally:
        server.should_exit = True
        thread.join()
        folder.cleanup()


async def _files(settings: Settings, folder: Path, clock: Callable[[], float]) -> Files:
    return await open_store(
        settings.data_dir or folder,
        file_bytes=settings.max_file_bytes,
        workspace_bytes=settings.files_quota_mb * 1_000_000,
        clock=clock,
    )


async def _serve(server: uvicorn.Server, listener: socket.socket, files: Files) -> None:
    await server.serve([listener])
    await files.close()


class _Server(uvicorn.Server):
    """Says when it listens, so that nobody has to look again and again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()
