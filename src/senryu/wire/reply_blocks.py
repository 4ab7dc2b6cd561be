"""Content blocks of replies. Field order is the API's own."""

from typing import Annotated, Any, Literal

from pydantic import Field

from senryu.wire.base import WireModel
from senryu.wire.blocks import DirectCaller
from senryu.wire.citations import Citation

__all__ = ["RedactedThinkingBlock", "ReplyBlock", "TextBlock", "ThinkingBlock", "ToolUseBlock"]


class TextBlock(WireModel):
    """Text, and the places of sources that it rests on."""

    type: Literal["text"] = "text"
    text: str
    citations: Annotated[list[Citation] | None, Field(exclude_if=lambda given: given is None)] = (
        None
    )


class ThinkingBlock(WireModel):
    """Reasoning, and what later vouches for it; ``thinking`` is empty where it is not shown."""

    type: Literal["thinking"] = "thinking"
    thinking: str
    signature: str


class RedactedThinkingBlock(WireModel):
    """Sealed reasoning."""

    type: Literal["redacted_thinking"] = "redacted_thinking"
    data: str


class ToolUseBlock(WireModel):
    """A call of a client's tool. ``input`` is empty where a stream announces it."""

    type: Literal["tool_use"] = "tool_use"
    id: str
    name: str
    input: dict[str, Any]
    caller: DirectCaller = DirectCaller()


ReplyBlock = Annotated[
    TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock, Field(discriminator="type")
]
