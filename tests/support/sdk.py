"""What tests with the official SDK share: a client, and what must be true of every reply."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import anthropic
import jsonschema_rs
from anthropic.types import Message, TextBlock, ThinkingBlock, ToolUseBlock
from anthropic.types.beta import BetaMessage, BetaTextBlock, BetaThinkingBlock, BetaToolUseBlock

__all__ = [
    "EMBEDDED",
    "GREEDY",
    "OLDER",
    "calls_of",
    "check_stream",
    "connect",
    "kinds_of",
    "satisfies",
    "text_of",
    "thinking_of",
]

EMBEDDED = "smollm2-135m-instruct"
# Always the most likely token. The newer API version takes no temperature, so requests that say so
# name the older one.
GREEDY = {"temperature": 0}
OLDER = {"anthropic-version": "2023-06-01"}

_DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "redacted_thinking": set[str](),
    "tool_use": {"input_json_delta"},
}


def connect(base_url: str, **options: Any) -> anthropic.Anthropic:
    """A client of the current SDK that does not try again."""
    return anthropic.Anthropic(
        base_url=base_url, api_key="any-key-will-do", max_retries=0, **options
    )


def calls_of(message: Message | BetaMessage) -> list[Any]:
    """A reply's calls."""
    return [b for b in message.content if isinstance(b, ToolUseBlock | BetaToolUseBlock)]


def text_of(message: Message | BetaMessage) -> str:
    """A reply's visible text."""
    return "".join(b.text for b in message.content if isinstance(b, TextBlock | BetaTextBlock))


def thinking_of(message: Message | BetaMessage) -> list[Any]:
    """A reply's thinking blocks."""
    return [b for b in message.content if isinstance(b, ThinkingBlock | BetaThinkingBlock)]


def kinds_of(message: Message | BetaMessage) -> list[str]:
    """The types of a reply's blocks."""
    return [block.type for block in message.content]


def satisfies(schema: dict[str, Any], value: object) -> bool:
    """Whether a value is one of a JSON schema, as a library of others sees it."""
    return jsonschema_rs.is_valid(schema, value)


def check_stream(stream: Iterable[Any], *, is_eager: bool = False) -> list[str]:
    """Fail unless a whole stream is as the API documents it.

    Arguments:
        stream: all of its events; those that only the SDK's helpers have are passed over.
        is_eager: whether a call's arguments may be cut.

    Returns:
        For each block the JSON that its deltas spelled; empty for blocks that are no calls.
    """
    events = [event for event in stream if event.type.startswith(("message_", "content_block_"))]
    assert events[0].type == "message_start"
    assert events[0].message.content == []
    assert [event.type for event in events[-2:]] == ["message_delta", "message_stop"]
    spelled: list[str] = []
    rest = events[1:-2]
    while rest:
        num_events = next(
            n for n, event in enumerate(rest, start=1) if event.type == "content_block_stop"
        )
        spelled.append(_check_block(len(spelled), rest[:num_events], is_eager=is_eager))
        rest = rest[num_events:]
    return spelled


def _check_block(index: int, events: Sequence[Any], *, is_eager: bool) -> str:
    start, *deltas, stop = events
    assert start.type == "content_block_start"
    assert start.index == stop.index == index
    assert all(event.type == "content_block_delta" for event in deltas)
    assert all(event.index == index for event in deltas)
    kinds = [event.delta.type for event in deltas]
    kind = start.content_block.type
    assert set(kinds) <= _DELTAS[kind]
    if kind == "thinking":
        assert kinds.index("signature_delta") == len(kinds) - 1
        assert start.content_block.thinking == start.content_block.signature == ""
    if kind == "text":
        assert start.content_block.text == ""
    if kind != "tool_use":
        return ""
    assert start.content_block.input == {}
    return _check_json([event.delta.partial_json for event in deltas], is_eager=is_eager)


def _check_json(parts: Iterable[str], *, is_eager: bool) -> str:
    spelled = "".join(parts)
    if not is_eager:
        assert isinstance(json.loads(spelled), dict)
    return spelled
