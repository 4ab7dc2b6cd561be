"""What operators and load balancers ask: is it alive, is it ready, how is it doing."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from senryu import __version__
from senryu.api.services import access_of, services_of

__all__ = ["health", "hello", "metrics", "ready"]


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
    """Prometheus metrics."""
    text = services_of(request).telemetry.exposition()
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
