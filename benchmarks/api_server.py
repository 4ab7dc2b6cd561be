"""A server process without a model: Senryu's API on the scripted engine, or a constant reply.

Both run on the same HTTP server with the same configuration, so that their difference is Senryu's
own work. Run by path: ``python benchmarks/api_server.py {scripted,constant} PORT``.
"""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from senryu.api.app import create_app
from senryu.api.server import server_config
from senryu.api.services import Services
from senryu.engine.scripted import ScriptedEngine
from senryu.messages.resolve import Catalog, ServedModel
from senryu.settings import Settings
from senryu.store.files import open_files
from senryu.store.uploads import FileLimits
from senryu.telemetry import Telemetry

__all__ = ["main"]

_SCRIPTS = {"short": ("Hello", " there", "!"), "long": (" word",) * 512}
_CONSTANT = (
    b'{"id":"msg_0000000000000000000000000","type":"message","role":"assistant","model":"short",'
    b'"content":[{"type":"text","text":"Hello there!"}],"stop_reason":"end_turn",'
    b'"stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":12}}'
)


def _scripted_app(settings: Settings) -> Starlette:
    models = [
        ServedModel(name, name, datetime.now(UTC), ScriptedEngine(script))
        for name, script in _SCRIPTS.items()
    ]
    files = asyncio.run(open_files(Path(tempfile.mkdtemp()), limits=FileLimits(0, 0)))
    return create_app(Services(settings, Catalog(models, {}), Telemetry(), files))


def _constant_app() -> Starlette:
    async def messages(request: Request) -> Response:
        await request.body()
        return Response(_CONSTANT, media_type="application/json")

    async def ready(request: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    return Starlette(
        routes=[Route("/v1/messages", messages, methods=["POST"]), Route("/ready", ready)]
    )


def main(kind: str, port: int) -> None:
    """Serve until SIGTERM."""
    settings = Settings(port=port)
    app = _scripted_app(settings) if kind == "scripted" else _constant_app()
    uvloop.run(uvicorn.Server(server_config(app, settings)).serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
