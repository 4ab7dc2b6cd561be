"""Exceptions to responses: one envelope for every status, never a framework's own page."""

import logging
import traceback

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from senryu.api.services import access_of
from senryu.errors import (
    MethodNotAllowedError,
    NotFoundError,
    RequestTooLargeError,
    SenryuError,
)
from senryu.wire.errors import ErrorBody, ErrorDetails, ErrorEnvelope

__all__ = ["error_response", "handle_http", "handle_senryu", "unexpected"]

_LOG = logging.getLogger("senryu.api")


def error_response(error: SenryuError, request_id: str) -> Response:
    """The response for an error."""
    details = None if error.code is None else ErrorDetails(error_code=error.code, **error.facts)
    body = ErrorBody(type=error.type, message=error.message, details=details)
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, RequestTooLargeError):
        headers["connection"] = "close"  # the rest of the body is never read
    return Response(
        ErrorEnvelope(error=body, request_id=request_id).model_dump_json(),
        status_code=error.status,
        headers=headers,
        media_type="application/json",
    )


def handle_senryu(request: Request, error: Exception) -> Response:
    """For errors raised by handlers."""
    assert isinstance(error, SenryuError)
    return error_response(error, access_of(request).request_id)


def handle_http(request: Request, error: Exception) -> Response:
    """For the router's own errors: no such path, no such method."""
    assert isinstance(error, HTTPException)
    known: SenryuError = NotFoundError("no such route; the API is below /v1")
    if error.status_code == 405:
        known = MethodNotAllowedError(f"{request.method} is not allowed for this route")
    response = error_response(known, access_of(request).request_id)
    response.headers.update(error.headers or {})
    return response


def unexpected(error: Exception) -> SenryuError:
    """Log a mistake of ours without the values in it, which may be content, and hide it."""
    _LOG.error("unexpected %s", type(error).__name__, extra={"facts": {"at": _places(error)}})
    return SenryuError("Internal server error")


def _places(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
