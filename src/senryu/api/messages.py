"""``/v1/messages`` and ``/v1/messages/count_tokens``."""

from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from senryu.api.body import read_model
from senryu.api.disconnect import unless_disconnected
from senryu.api.services import access_of, caller_of, note_events, note_usage, services_of
from senryu.api.sse import EventStream
from senryu.messages.count import count_tokens
from senryu.messages.turn import Turn, open_turn
from senryu.wire.events import StreamEvent
from senryu.wire.fold import fold
from senryu.wire.messages import Message
from senryu.wire.requests import CountTokensRequest, MessagesRequest

__all__ = ["count_message_tokens", "create_message"]


async def create_message(request: Request) -> Response:
    """A reply, streamed or whole."""
    body = await read_model(request, MessagesRequest)
    services, access = services_of(request), access_of(request)
    access.model = services.catalog.resolve(body.model).id
    access.stream = bool(body.stream)
    opening = open_turn(
        body,
        catalog=services.catalog,
        caller=caller_of(request),
        memory=services.memory,
        intake=services.intake,
    )
    turn = await unless_disconnected(opening, request.receive)
    if body.stream:
        return EventStream(
            turn, access=access, telemetry=services.telemetry, settings=services.settings
        )
    try:
        message = await unless_disconnected(_whole(request, turn), request.receive)
    finally:
        await turn.aclose()
        note_usage(access, turn.usage)
    return Response(message.model_dump_json(), media_type="application/json")


async def _whole(request: Request, turn: Turn) -> Message:
    services, access = services_of(request), access_of(request)
    events: list[StreamEvent] = []
    async with aclosing(turn.events()) as reply:
        async for some in reply:
            events += some
            note_events(services.telemetry, access, some)
    return fold(events)


async def count_message_tokens(request: Request) -> Response:
    """How many tokens a request's prompt has."""
    body = await read_model(request, CountTokensRequest)
    services, access = services_of(request), access_of(request)
    access.model = services.catalog.resolve(body.model).id
    counting = count_tokens(
        body,
        catalog=services.catalog,
        caller=caller_of(request),
        memory=services.memory,
        intake=services.intake,
    )
    count = await unless_disconnected(counting, request.receive)
    return Response(count.model_dump_json(), media_type="application/json")
