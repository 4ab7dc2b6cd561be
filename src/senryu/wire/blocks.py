"""Content blocks, as requests bring them and as replies hold them.

Block types whose feature is not built yet keep only their type here: they are recognised, so that
the answer can say what is missing, and refused by ``messages/validate.py``.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from senryu.wire.base import PlainText, UnreadModel, WireModel

__all__ = [
    "CacheControl",
    "Content",
    "ContentBlock",
    "RedactedThinkingBlock",
    "SystemPrompt",
    "TextBlock",
    "TextBlockParam",
    "ThinkingBlock",
    "UnbuiltBlock",
]


class CacheControl(WireModel):
    """A prompt-cache breakpoint."""

    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


def _misplaced(value: Any) -> None:
    if value is not None:
        raise PydanticCustomError("misplaced", "Extra inputs are not permitted")


# Where no breakpoint can be, one is refused in every mode: dropping it would change the bill. The
# words are the API's.
_NoCacheControl = Annotated[None, BeforeValidator(_misplaced)]


class TextBlockParam(WireModel):
    """Text in a request."""

    type: Literal["text"]
    text: PlainText
    cache_control: CacheControl | None = None
    citations: list[dict[str, Any]] | None = None


class ThinkingBlock(WireModel):
    """Reasoning that an earlier reply showed; clients send it back as they got it."""

    type: Literal["thinking"]
    thinking: str
    signature: str = ""
    cache_control: _NoCacheControl = None


class RedactedThinkingBlock(WireModel):
    """Reasoning that an earlier reply sealed."""

    type: Literal["redacted_thinking"]
    data: str
    cache_control: _NoCacheControl = None


class UnbuiltBlock(UnreadModel):
    """A block whose type the API has and Senryu does not serve yet."""

    type: Literal[
        "image",
        "document",
        "search_result",
        "tool_use",
        "tool_result",
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "container_upload",
        "mcp_tool_use",
        "mcp_tool_result",
    ]
    cache_control: CacheControl | None = None


ContentBlock = Annotated[
    TextBlockParam | ThinkingBlock | RedactedThinkingBlock | UnbuiltBlock,
    Field(discriminator="type"),
]


def _as_blocks(content: Any) -> Any:
    """A string is short for one text block (SDK, ``message_create_params``); empty for none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


Content = Annotated[
    list[ContentBlock],
    BeforeValidator(_as_blocks, json_schema_input_type=str | list[ContentBlock]),
]
SystemPrompt = Annotated[
    list[TextBlockParam],
    BeforeValidator(_as_blocks, json_schema_input_type=str | list[TextBlockParam]),
]


class TextBlock(WireModel):
    """Text in a reply."""

    type: Literal["text"] = "text"
    text: str
