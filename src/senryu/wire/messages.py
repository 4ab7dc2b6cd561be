"""The reply: one message. Field order is the API's own."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel
from senryu.wire.context_management import AppliedEdits
from senryu.wire.diagnostics import CacheDiagnostics
from senryu.wire.reply_blocks import ReplyBlock
from senryu.wire.usage import Usage

__all__ = ["Message", "StopReason"]

StopReason = Literal[
    "end_turn", "max_tokens", "stop_sequence", "tool_use", "model_context_window_exceeded"
]


class Message(WireModel):
    """A reply, whole, or as ``message_start`` announces it (no content, no stop reason)."""

    id: str
    type: Literal["message"] = "message"
    role: Literal["assistant"] = "assistant"
    model: str
    content: list[ReplyBlock] = []
    stop_reason: StopReason | None = None
    stop_sequence: str | None = None
    stop_details: None = None
    container: None = None
    diagnostics: CacheDiagnostics | None = None
    usage: Usage
    context_management: Annotated[
        AppliedEdits | None, Field(exclude_if=lambda value: value is None)
    ] = None
