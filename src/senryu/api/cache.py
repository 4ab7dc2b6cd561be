"""``/senryu/v1/cache``: what the prompt cache keeps for the caller's workspace, and dropping it.

Lengths, lifetimes and counts only; whose tokens they are and what they say is not told.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from senryu.api.services import access_of, caller_of, services_of
from senryu.core import CachedPrefix
from senryu.errors import InvalidRequestError
from senryu.messages.resolve import LoadedModel
from senryu.wire.cache import CacheCleared, CachedPrefixInfo, CacheList, CacheQuery
from senryu.wire.parse import MalformedError, parse_query

__all__ = ["clear_cache", "list_cache"]

_LONG_LIFETIME_S = 3600


async def list_cache(request: Request) -> Response:
    """What is kept, model by model."""
    models = _models(request)
    found = await _kept(request, models)
    data = [
        _info(model.id, prefix)
        for model, prefixes in zip(models, found, strict=True)
        for prefix in prefixes
    ]
    return Response(CacheList(data=data).model_dump_json(), media_type="application/json")


async def clear_cache(request: Request) -> Response:
    """Drop it, and tell how much there was."""
    models = _models(request)
    found = await _kept(request, models)
    workspace = caller_of(request).workspace
    await asyncio.gather(*(model.engine.forget(workspace) for model in models))
    cleared = CacheCleared(deleted=sum(map(len, found)))
    return Response(cleared.model_dump_json(), media_type="application/json")


def _models(request: Request) -> list[LoadedModel]:
    """The models that are meant, all of them loaded, so that no request is done by half."""
    try:
        query = parse_query(request.query_params, CacheQuery)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None
    catalog = services_of(request).catalog
    if query.model is None:
        return [model.loaded() for model in catalog.models]
    model = catalog.resolve(query.model)
    access_of(request).model = model.id
    return [model.loaded()]


async def _kept(request: Request, models: list[LoadedModel]) -> list[tuple[CachedPrefix, ...]]:
    workspace = caller_of(request).workspace
    return await asyncio.gather(*(model.engine.cached(workspace) for model in models))


def _info(model_id: str, prefix: CachedPrefix) -> CachedPrefixInfo:
    ttl = None
    if prefix.lifetime_s is not None:
        ttl = "1h" if prefix.lifetime_s >= _LONG_LIFETIME_S else "5m"
    return CachedPrefixInfo(
        model=model_id,
        tokens=prefix.num_tokens,
        uses=prefix.num_uses,
        ttl=ttl,
        expires_in_seconds=prefix.expires_in_s,
    )
