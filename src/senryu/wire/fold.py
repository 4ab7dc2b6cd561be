"""Events to the message they describe: the only way a non-streaming reply is made.

Trusts the order of the events (``messages/assemble.py`` vouches for it) and checks only that the
message began and ended.
"""

from collections.abc import Iterable

from senryu.wire.blocks import TextBlock
from senryu.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    MessageDelta,
    MessageEnd,
    MessageStart,
    StreamEvent,
)
from senryu.wire.messages import Message
from senryu.wire.usage import DeltaUsage

__all__ = ["fold"]


def fold(events: Iterable[StreamEvent]) -> Message:
    """The message that a whole stream spells.

    Raises:
        ValueError: the stream has no beginning or no end.
    """
    start: Message | None = None
    end: MessageDelta | None = None
    texts: list[list[str]] = []
    for event in events:
        match event:
            case MessageStart():
                start = event.message
            case ContentBlockStart():
                texts.append([event.content_block.text])
            case ContentBlockDelta():
                texts[event.index].append(event.delta.text)
            case MessageDelta():
                end = event
            case _:
                pass
    if start is None or end is None:
        raise ValueError("a stream without message_start or message_delta is no message")
    return _message(start, ["".join(parts) for parts in texts], end=end.delta, usage=end.usage)


def _message(start: Message, texts: list[str], *, end: MessageEnd, usage: DeltaUsage) -> Message:
    counts = start.usage.model_copy(update=usage.model_dump())
    return start.model_copy(
        update={
            "content": [TextBlock(text=text) for text in texts],
            "stop_reason": end.stop_reason,
            "stop_sequence": end.stop_sequence,
            "usage": counts,
        }
    )
