"""The whole HTTP surface: every route on one screen, the same API below two prefixes, and ours."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from senryu.api.auth import API_PREFIXES, OWN_PREFIX, Authentication
from senryu.api.cache import clear_cache, list_cache
from senryu.api.edge import Edge
from senryu.api.errors import handle_http, handle_senryu
from senryu.api.files import create_file, delete_file, download_file, list_files, retrieve_file
from senryu.api.health import health, hello, metrics, ready
from senryu.api.messages import count_message_tokens, create_message
from senryu.api.models import list_models, retrieve_model
from senryu.api.openapi import openapi_json
from senryu.api.services import Services
from senryu.errors import SenryuError

__all__ = ["create_app"]

# Foundry clients put the API below /anthropic.
_API = [
    Route(prefix + path, handler, methods=[method])
    for prefix in API_PREFIXES
    for method, path, handler in (
        ("POST", "/messages", create_message),
        ("POST", "/messages/count_tokens", count_message_tokens),
        ("POST", "/files", create_file),
        ("GET", "/files", list_files),
        ("GET", "/files/{file_id}", retrieve_file),
        ("DELETE", "/files/{file_id}", delete_file),
        ("GET", "/files/{file_id}/content", download_file),
        ("GET", "/models", list_models),
        ("GET", "/models/{model_id:path}", retrieve_model),
    )
]

# What the API has no words for.
_OWN = [
    Route(f"{OWN_PREFIX}/cache", list_cache, methods=["GET"]),
    Route(f"{OWN_PREFIX}/cache", clear_cache, methods=["DELETE"]),
]


def _cross_origin(origins: Sequence[str]) -> list[Middleware]:
    """What lets pages of some origins use the API; keys are sent by scripts, never as cookies."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["request-id", "retry-after"],
        )
    ]


def create_app(services: Services) -> Starlette:
    """The ASGI app.

    Arguments:
        services: what it serves and how; its engines are started and stopped by the caller.
    """
    document = openapi_json(needs_key=bool(services.settings.workspaces))

    async def openapi(request: Request) -> Response:
        return Response(document, media_type="application/json")

    operations = [
        Route("/", hello),
        Route("/api/hello", hello),
        Route("/health", health),
        Route("/ready", ready),
        Route("/metrics", metrics),
        Route("/openapi.json", openapi),
    ]
    app = Starlette(
        routes=[*_API, *_OWN, *operations],
        middleware=[
            *_cross_origin(services.settings.cors_origins),
            Middleware(Edge, services.telemetry),
            Middleware(Authentication, services.settings),
        ],
        exception_handlers={SenryuError: handle_senryu, HTTPException: handle_http},
    )
    app.router.redirect_slashes = False
    app.state.services = services
    for model in services.catalog.models:
        services.telemetry.watch_engine(model.id, model.engine.status)
    return app
