"""Request bodies: read up to a limit, inflated if need be, then parsed."""

import zlib
from typing import TypeVar

from starlette.requests import Request

from senryu.api.services import access_of, caller_of, services_of
from senryu.errors import InvalidRequestError, RequestTooLargeError
from senryu.messages.betas import ACTED_ON
from senryu.wire.base import WireModel
from senryu.wire.parse import MalformedError, parse

__all__ = ["read_model"]

_M = TypeVar("_M", bound=WireModel)


async def read_model(request: Request, model: type[_M]) -> _M:
    """The request's body; unknown fields are counted in the request's record, and told once.

    Raises:
        RequestTooLargeError: it is longer than the settings allow; the rest was not read.
        InvalidRequestError: it is not what ``model`` says, or not in the encoding that it says.
    """
    body = await _read(request, services_of(request).settings.max_body_bytes)
    try:
        parsed = parse(body, model, drop_unknown=not caller_of(request).strict)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None
    access_of(request).dropped_fields = len(parsed.dropped)
    telemetry = services_of(request).telemetry
    for path in parsed.dropped:
        telemetry.passed_over("field", path)
    for beta in caller_of(request).betas - ACTED_ON:
        telemetry.passed_over("beta", beta)
    return parsed.value


async def _read(request: Request, limit: int) -> bytes:
    too_large = RequestTooLargeError(f"Request exceeds the maximum size of {limit} bytes")
    if int(request.headers.get("content-length", 0)) > limit:
        raise too_large
    decoder = _decoder(request.headers.get("content-encoding", ""))
    body = bytearray()
    async for part in request.stream():
        body += decoder.decode(part, limit + 1 - len(body))
        if len(body) > limit:
            raise too_large
    decoder.finish()
    return bytes(body)


class _Plain:
    """A body as it is."""

    def decode(self, part: bytes, limit: int) -> bytes:
        """What a part stands for, of which more than ``limit`` bytes may be left out."""
        return part

    def finish(self) -> None:
        """The body ends here."""


class _Gzip(_Plain):
    """A body in one gzip member (RFC 1952). What a few bytes can grow to is bounded."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def decode(self, part: bytes, limit: int) -> bytes:
        try:
            data = self._inflate.decompress(part, limit)
        except zlib.error:
            raise InvalidRequestError("The request body is not valid gzip") from None
        if self._inflate.unused_data:
            raise InvalidRequestError("The request body has something behind its gzip data")
        return data

    def finish(self) -> None:
        if not self._inflate.eof:
            raise InvalidRequestError("The request body is not valid gzip: its end is missing")


def _decoder(encoding: str) -> _Plain:
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Gzip()
        case _:
            raise InvalidRequestError(
                "content-encoding: only gzip and identity are supported; send the body so"
            )
