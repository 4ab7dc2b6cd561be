"""Events to the message they describe: the only way a non-streaming reply is made.

Trusts the order of the events (``messages/assemble.py`` vouches for it) and checks only that the
message began and ended.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic_core import from_json

from senryu.wire.citations import Citation
from senryu.wire.events import (
    CitationsDelta,
    ContentBlockDelta,
    ContentBlockStart,
    Delta,
    InputJsonDelta,
    MessageDelta,
    MessageStart,
    SignatureDelta,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from senryu.wire.messages import Message
from senryu.wire.reply_blocks import (
    RedactedThinkingBlock,
    ReplyBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)

__all__ = ["fold"]


def fold(events: Iterable[StreamEvent]) -> Message:
    """The message that a whole stream spells.

    A call whose input is no JSON object, because the reply ended inside it, is left out: nothing in
    a message says that a block is not whole.

    Raises:
        ValueError: the stream has no beginning or no end.
    """
    start: Message | None = None
    end: MessageDelta | None = None
    opened: list[_Open] = []
    for event in events:
        match event:
            case MessageStart():
                start = event.message
            case ContentBlockStart():
                opened.append(_Open(event.content_block))
            case ContentBlockDelta():
                opened[event.index].add(event.delta)
            case MessageDelta():
                end = event
            case _:
                pass
    if start is None or end is None:
        raise ValueError("a stream without message_start or message_delta is no message")
    blocks = [block.whole() for block in opened]
    counts = {name: getattr(end.usage, name) for name in type(end.usage).model_fields}
    return start.model_copy(
        update={
            "content": [block for block in blocks if block],
            "stop_reason": end.delta.stop_reason,
            "stop_sequence": end.delta.stop_sequence,
            "usage": start.usage.model_copy(update=counts),
            "context_management": end.context_management,
        }
    )


@dataclass(slots=True)
class _Open:
    """A block that grows."""

    start: ReplyBlock
    parts: list[str] = field(default_factory=list[str])
    citations: list[Citation] = field(default_factory=list[Citation])
    signature: str = ""

    def add(self, delta: Delta) -> None:
        match delta:
            case TextDelta():
                self.parts.append(delta.text)
            case CitationsDelta():
                self.citations.append(delta.citation)
            case ThinkingDelta():
                self.parts.append(delta.thinking)
            case InputJsonDelta():
                self.parts.append(delta.partial_json)
            case SignatureDelta():
                self.signature = delta.signature

    def whole(self) -> ReplyBlock | None:
        """The block; None for a call that is not whole."""
        grown = "".join(self.parts)
        match self.start:
            case TextBlock(text=text):
                return TextBlock(text=text + grown, citations=self.citations or None)
            case ThinkingBlock(thinking=text, signature=signature):
                return ThinkingBlock(thinking=text + grown, signature=self.signature or signature)
            case RedactedThinkingBlock():
                return self.start
            case ToolUseBlock():
                given = _input(grown)
                return None if given is None else self.start.model_copy(update={"input": given})


def _input(text: str) -> dict[str, Any] | None:
    try:
        value = from_json(text, allow_inf_nan=False)
        json.dumps(value, allow_nan=False)  # what is read may be too large to be written again
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None
