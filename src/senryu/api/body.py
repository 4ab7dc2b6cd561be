"""Request bodies: read up to a limit, then parsed."""

from typing import TypeVar

from starlette.requests import Request

from senryu.api.services import access_of, caller_of, services_of
from senryu.errors import InvalidRequestError, RequestTooLargeError
from senryu.wire.base import WireModel
from senryu.wire.parse import MalformedError, parse

__all__ = ["read_model"]

_M = TypeVar("_M", bound=WireModel)


async def read_model(request: Request, model: type[_M]) -> _M:
    """The request's body; unknown fields are counted in the request's record.

    Raises:
        RequestTooLargeError: it is longer than the settings allow; the rest was not read.
        InvalidRequestError: it is not what ``model`` says.
    """
    body = await _read(request, services_of(request).settings.max_body_bytes)
    try:
        parsed = parse(body, model, drop_unknown=not caller_of(request).strict)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None
    access_of(request).dropped_fields = parsed.num_dropped
    return parsed.value


async def _read(request: Request, limit: int) -> bytes:
    too_large = RequestTooLargeError(f"Request exceeds the maximum size of {limit} bytes")
    if int(request.headers.get("content-length", 0)) > limit:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise too_large
    return bytes(body)
