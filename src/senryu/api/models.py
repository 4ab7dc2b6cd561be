"""``/v1/models``: every name that can be used, with the limits of what really runs."""

from starlette.requests import Request
from starlette.responses import Response

from senryu.api.services import services_of
from senryu.errors import InvalidRequestError, OverloadedError
from senryu.messages.resolve import LoadedModel, ServedModel
from senryu.wire.models import (
    Capabilities,
    Effort,
    ModelInfo,
    ModelPage,
    ModelsQuery,
    Support,
    ThinkingSupport,
    ThinkingTypes,
)
from senryu.wire.parse import MalformedError, parse_query

__all__ = ["list_models", "retrieve_model"]


async def list_models(request: Request) -> Response:
    """A page of models: ids first, then aliases."""
    try:
        query = parse_query(request.query_params, ModelsQuery)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None
    infos = [_info(name, model) for name, model in services_of(request).catalog.listed()]
    return Response(_page(infos, query).model_dump_json(), media_type="application/json")


async def retrieve_model(request: Request) -> Response:
    """One model, by any name that a request may use."""
    name = request.path_params["model_id"]
    model = services_of(request).catalog.resolve(name)
    return Response(_info(name, model).model_dump_json(), media_type="application/json")


def _info(name: str, model: ServedModel) -> ModelInfo:
    alias = "" if name == model.id else f" (alias of {model.id})"
    try:
        loaded = model.loaded()
    except OverloadedError:
        most_prompt, most_reply, can = None, None, Capabilities()
    else:
        most_prompt, most_reply = loaded.max_prompt_tokens, loaded.info.window
        can = _capabilities(loaded)
    return ModelInfo(
        id=name,
        display_name=model.display_name + alias,
        created_at=model.created_at,
        max_input_tokens=most_prompt,
        max_tokens=most_reply,
        capabilities=can,
    )


def _capabilities(model: LoadedModel) -> Capabilities:
    """What a loaded model does; effort is how long it may think, so it needs thinking."""
    thinks = Support(supported=model.can_reason)
    return Capabilities(
        citations=Support(supported=True),
        image_input=Support(supported=model.images != "refuse"),
        pdf_input=Support(supported=True),
        effort=Effort(
            supported=thinks.supported,
            low=thinks,
            medium=thinks,
            high=thinks,
            xhigh=thinks,
            max=thinks,
        ),
        structured_outputs=Support(supported=model.can_be_constrained),
        thinking=ThinkingSupport(
            supported=thinks.supported, types=ThinkingTypes(adaptive=thinks, enabled=thinks)
        ),
    )


def _page(infos: list[ModelInfo], query: ModelsQuery) -> ModelPage:
    if query.before_id and query.after_id:
        raise InvalidRequestError("before_id: only one of before_id and after_id may be given")
    if query.before_id:
        earlier = infos[: _index(infos, query.before_id, field="before_id")]
        page, has_more = earlier[-query.limit :], len(earlier) > query.limit
    else:
        start = _index(infos, query.after_id, field="after_id") + 1 if query.after_id else 0
        page, has_more = infos[start : start + query.limit], len(infos) > start + query.limit
    return ModelPage(
        data=page,
        has_more=has_more,
        first_id=page[0].id if page else None,
        last_id=page[-1].id if page else None,
    )


def _index(infos: list[ModelInfo], model_id: str, *, field: str) -> int:
    for index, info in enumerate(infos):
        if info.id == model_id:
            return index
    raise InvalidRequestError(f"{field}: no model of this id is in the list")
