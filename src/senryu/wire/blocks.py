"""Content blocks as requests bring them. Those of replies are ``wire/reply_blocks.py``.

Block types whose feature is not built yet keep only their type here: they are recognised, so that
the answer can say what is missing, and refused by ``messages/validate.py``.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from senryu.wire.base import PlainText, UnreadModel, WireModel
from senryu.wire.sources import (
    Base64PdfSource,
    FileSource,
    ImageSource,
    PlainTextSource,
    UrlSource,
)

__all__ = [
    "CacheControl",
    "CitationsConfig",
    "Content",
    "ContentBlock",
    "ContentSource",
    "DirectCaller",
    "DocumentBlockParam",
    "DocumentSource",
    "ImageBlockParam",
    "ImageTransformations",
    "RedactedThinkingBlockParam",
    "ResultBlock",
    "SearchResultBlockParam",
    "ServerToolCaller",
    "SystemPrompt",
    "TextBlockParam",
    "ThinkingBlockParam",
    "ToolAdditionBlockParam",
    "ToolChangeReference",
    "ToolName",
    "ToolReferenceBlockParam",
    "ToolRemovalBlockParam",
    "ToolResultBlockParam",
    "ToolUseBlockParam",
    "ToolUseId",
    "UnbuiltBlock",
    "UnbuiltNestedBlock",
    "UnbuiltToolChange",
]

_MAX_ID_LENGTH = 256  # ours; the API's own ids have 30 characters

ToolUseId = Annotated[str, Field(max_length=_MAX_ID_LENGTH, pattern="^[a-zA-Z0-9_-]+$")]
"""What a result names its call by; the pattern is the API's."""

ToolName = Annotated[str, Field(pattern="^[a-zA-Z0-9_-]{1,128}$")]
"""What a tool is called; the pattern is the API's."""


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


def _as_blocks(content: Any) -> Any:
    """A string is short for one text block (SDK, ``message_create_params``); empty for none."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return content


def _as_result(content: Any) -> Any:
    return [] if content is None else _as_blocks(content)


class TextBlockParam(WireModel):
    """Text in a request."""

    type: Literal["text"]
    text: PlainText
    cache_control: CacheControl | None = None
    citations: list[dict[str, Any]] | None = None


class ThinkingBlockParam(WireModel):
    """Reasoning that an earlier reply showed; clients send it back as they got it."""

    type: Literal["thinking"]
    thinking: PlainText
    signature: str = ""
    cache_control: _NoCacheControl = None


class RedactedThinkingBlockParam(WireModel):
    """Reasoning that an earlier reply sealed."""

    type: Literal["redacted_thinking"]
    data: str
    cache_control: _NoCacheControl = None


class DirectCaller(WireModel):
    """The model itself called the tool."""

    type: Literal["direct"] = "direct"


class ServerToolCaller(WireModel):
    """Code that a server tool ran called the tool."""

    type: Literal["code_execution_20250825", "code_execution_20260120"]
    tool_id: str


class ToolUseBlockParam(WireModel):
    """A call that an earlier reply made. Clients may have added defaults to its input."""

    type: Literal["tool_use"]
    id: ToolUseId
    name: Annotated[str, Field(pattern="^[a-zA-Z0-9_-]{1,200}$")]
    input: dict[str, Any]
    cache_control: CacheControl | None = None
    caller: Annotated[DirectCaller | ServerToolCaller, Field(discriminator="type")] | None = None
    toolset_name: str | None = None


class CitationsConfig(WireModel):
    """Whether replies may cite a source."""

    enabled: bool | None = None


class SearchResultBlockParam(WireModel):
    """Something that a tool found."""

    type: Literal["search_result"]
    source: PlainText
    title: PlainText
    content: list[TextBlockParam]
    cache_control: CacheControl | None = None
    citations: CitationsConfig | None = None


class UnbuiltNestedBlock(UnreadModel):
    """A block inside another, whose type the API has and Senryu does not serve yet."""

    type: Literal["browser_state"]
    cache_control: CacheControl | None = None


class ImageTransformations(WireModel):
    """What may be done to an image before a model gets it."""

    oversized_image: Literal["downsize", "error"] = "downsize"


class ImageBlockParam(WireModel):
    """An image."""

    type: Literal["image"]
    source: ImageSource
    transformations: ImageTransformations | None = None
    cache_control: CacheControl | None = None


_SourceBlock = Annotated[TextBlockParam | ImageBlockParam, Field(discriminator="type")]


class ContentSource(WireModel):
    """A document that is blocks; a string is one text block."""

    type: Literal["content"]
    content: Annotated[
        list[_SourceBlock],
        BeforeValidator(_as_blocks, json_schema_input_type=str | list[_SourceBlock]),
    ]


DocumentSource = Annotated[
    Base64PdfSource | PlainTextSource | ContentSource | UrlSource | FileSource,
    Field(discriminator="type"),
]


class DocumentBlockParam(WireModel):
    """A document."""

    type: Literal["document"]
    source: DocumentSource
    title: PlainText | None = None
    context: PlainText | None = None
    cache_control: CacheControl | None = None
    citations: CitationsConfig | None = None


class ToolReferenceBlockParam(WireModel):
    """Names a tool that was deferred and can be called from here on."""

    type: Literal["tool_reference"]
    tool_name: ToolName
    cache_control: CacheControl | None = None


ResultBlock = Annotated[
    TextBlockParam
    | ImageBlockParam
    | SearchResultBlockParam
    | DocumentBlockParam
    | ToolReferenceBlockParam
    | UnbuiltNestedBlock,
    Field(discriminator="type"),
]


class ToolResultBlockParam(WireModel):
    """What a call came to; without content if the tool said nothing."""

    type: Literal["tool_result"]
    tool_use_id: ToolUseId
    content: Annotated[
        list[ResultBlock],
        BeforeValidator(_as_result, json_schema_input_type=str | list[ResultBlock] | None),
    ] = []
    is_error: bool | None = None
    cache_control: CacheControl | None = None
    toolset_name: str | None = None


class ToolChangeReference(WireModel):
    """A tool of the request, by the name that the model calls it by."""

    type: Literal["tool_reference"]
    name: ToolName


class UnbuiltToolChange(UnreadModel):
    """A tool that the request does not list."""

    type: Literal["mcp_tool_reference", "mcp_toolset_reference", "tool_definition"]


_ToolChange = Annotated[ToolChangeReference | UnbuiltToolChange, Field(discriminator="type")]


class ToolAdditionBlockParam(WireModel):
    """From here on the model can call a tool."""

    type: Literal["tool_addition"]
    tool: _ToolChange
    cache_control: CacheControl | None = None


class ToolRemovalBlockParam(WireModel):
    """From here on the model cannot call a tool."""

    type: Literal["tool_removal"]
    tool: _ToolChange
    cache_control: CacheControl | None = None


class UnbuiltBlock(UnreadModel):
    """A block whose type the API has and Senryu does not serve yet."""

    type: Literal[
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
    TextBlockParam
    | ImageBlockParam
    | DocumentBlockParam
    | SearchResultBlockParam
    | ThinkingBlockParam
    | RedactedThinkingBlockParam
    | ToolUseBlockParam
    | ToolResultBlockParam
    | ToolAdditionBlockParam
    | ToolRemovalBlockParam
    | UnbuiltBlock,
    Field(discriminator="type"),
]
Content = Annotated[
    list[ContentBlock],
    BeforeValidator(_as_blocks, json_schema_input_type=str | list[ContentBlock]),
]
SystemPrompt = Annotated[
    list[TextBlockParam],
    BeforeValidator(_as_blocks, json_schema_input_type=str | list[TextBlockParam]),
]
