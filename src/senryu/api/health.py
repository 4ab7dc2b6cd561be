"""What operators and load balancers ask: is it alive, is it ready, how is it doing."""

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from senryu import __version__
from senryu.api.services import access_of, services_of
from senryu.errors import StorageError

__all__ = ["health", "hello", "metrics", "ready"]

_METRICS_TIMEOUT_S = 1.0


async def hello(request: Request) -> Response:
    """The reachability probe of agents, and a greeting for browsers."""
    return JSONResponse({"name": "senryu", "version": __version__})


async def health(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Every model takes jobs; 503 in the error envelope until then."""
    models = {
        model.id: "ready" if model.engine.status().ready else "loading"
        for model in services_of(request).catalog.models
    }
    if "loading" not in models.values():
        return JSONResponse({"status": "ready", "models": models})
    body = {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "not every model is loaded yet"},
        "request_id": access_of(request).request_id,
        "status": "loading",
        "models": models,
    }
    return JSONResponse(body, status_code=503, headers={"retry-after": "1"})


async def metrics(request: Request) -> Response:
    """Prometheus metrics; what is not to be had in time is as it was."""
    services = services_of(request)
    with suppress(StorageError, TimeoutError):
        async with asyncio.timeout(_METRICS_TIMEOUT_S):
            services.telemetry.files_kept(await services.files.num_bytes())
    return Response(
        services.telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )
