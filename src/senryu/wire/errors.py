"""The error envelope. Which failure has which type and status is ``senryu.errors``."""

from typing import Literal

from senryu.wire.base import WireModel

__all__ = ["ErrorBody", "ErrorEnvelope"]


class ErrorBody(WireModel):
    """What went wrong."""

    type: str
    message: str


class ErrorEnvelope(WireModel):
    """The body of every reply that is not a success."""

    type: Literal["error"] = "error"
    error: ErrorBody
    request_id: str
