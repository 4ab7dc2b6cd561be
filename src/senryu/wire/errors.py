"""The error envelope. Which failure has which type and status is ``senryu.errors``."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from senryu.wire.base import WireModel

__all__ = ["ErrorBody", "ErrorDetails", "ErrorEnvelope"]


class ErrorDetails(WireModel):
    """What an SDK may act on by itself; what there is besides the code depends on it."""

    model_config = ConfigDict(extra="allow")

    error_code: str


class ErrorBody(WireModel):
    """What went wrong; few errors have ``details``."""

    type: str
    message: str
    details: Annotated[ErrorDetails | None, Field(exclude_if=lambda given: given is None)] = None


class ErrorEnvelope(WireModel):
    """The body of every reply that is not a success."""

    type: Literal["error"] = "error"
    error: ErrorBody
    request_id: str
