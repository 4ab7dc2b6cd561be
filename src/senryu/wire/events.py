"""The events of a stream. Which may follow which is ``messages/assemble.py``."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel
from senryu.wire.citations import Citation
from senryu.wire.context_management import AppliedEdits
from senryu.wire.errors import ErrorBody
from senryu.wire.messages import Message, StopReason
from senryu.wire.reply_blocks import ReplyBlock
from senryu.wire.usage import DeltaUsage

__all__ = [
    "CitationsDelta",
    "ContentBlockDelta",
    "ContentBlockStart",
    "ContentBlockStop",
    "Delta",
    "ErrorEvent",
    "InputJsonDelta",
    "MessageDelta",
    "MessageEnd",
    "MessageStart",
    "MessageStop",
    "Ping",
    "SignatureDelta",
    "StreamEvent",
    "TextDelta",
    "ThinkingDelta",
]


class MessageStart(WireModel):
    """The first event: the message with its input counts and no content."""

    type: Literal["message_start"] = "message_start"
    message: Message


class ContentBlockStart(WireModel):
    """A block begins, with nothing in it yet; indices count up from 0."""

    type: Literal["content_block_start"] = "content_block_start"
    index: int
    content_block: ReplyBlock


class TextDelta(WireModel):
    """More text of the open block."""

    type: Literal["text_delta"] = "text_delta"
    text: str


class ThinkingDelta(WireModel):
    """More of the reasoning in the open block."""

    type: Literal["thinking_delta"] = "thinking_delta"
    thinking: str


class SignatureDelta(WireModel):
    """The whole signature of the open block's reasoning, after all of it."""

    type: Literal["signature_delta"] = "signature_delta"
    signature: str


class InputJsonDelta(WireModel):
    """More of the JSON text of the open call's input.

    The deltas of a whole call spell a JSON object, ``{}`` for a tool without arguments.
    """

    type: Literal["input_json_delta"] = "input_json_delta"
    partial_json: str


class CitationsDelta(WireModel):
    """One more place that the open block's text rests on."""

    type: Literal["citations_delta"] = "citations_delta"
    citation: Citation


Delta = Annotated[
    TextDelta | CitationsDelta | ThinkingDelta | SignatureDelta | InputJsonDelta,
    Field(discriminator="type"),
]


class ContentBlockDelta(WireModel):
    """The open block grows."""

    type: Literal["content_block_delta"] = "content_block_delta"
    index: int
    delta: Delta


class ContentBlockStop(WireModel):
    """The open block is complete."""

    type: Literal["content_block_stop"] = "content_block_stop"
    index: int


class MessageEnd(WireModel):
    """Why the message ended."""

    stop_reason: StopReason
    stop_sequence: str | None = None
    stop_details: None = None
    container: None = None


class MessageDelta(WireModel):
    """The message is complete; the counts are cumulative."""

    type: Literal["message_delta"] = "message_delta"
    delta: MessageEnd
    usage: DeltaUsage
    context_management: Annotated[
        AppliedEdits | None, Field(exclude_if=lambda value: value is None)
    ] = None


class MessageStop(WireModel):
    """The last event."""

    type: Literal["message_stop"] = "message_stop"


class Ping(WireModel):
    """Says that the connection lives."""

    type: Literal["ping"] = "ping"


class ErrorEvent(WireModel):
    """The reply broke after it had begun; nothing follows."""

    type: Literal["error"] = "error"
    error: ErrorBody
    request_id: str


StreamEvent = Annotated[
    MessageStart
    | ContentBlockStart
    | ContentBlockDelta
    | ContentBlockStop
    | MessageDelta
    | MessageStop
    | Ping
    | ErrorEvent,
    Field(discriminator="type"),
]
