"""The official SDK's own types: what it sends is understood, what is answered is what it reads."""

import json
from typing import Any

import pytest
from anthropic.types import Message as SdkMessage
from anthropic.types import MessageParam, RawMessageStreamEvent, ToolUnionParam
from anthropic.types.beta import BetaRawMessageStreamEvent, BetaToolUnionParam
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from pydantic import BaseModel, TypeAdapter

from senryu.core import TokenUsage
from senryu.wire.blocks import (
    ContentSource,
    DocumentBlockParam,
    ImageBlockParam,
    SearchResultBlockParam,
    TextBlockParam,
    ToolReferenceBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
)
from senryu.wire.events import (
    ContentBlockDelta,
    ContentBlockStart,
    Delta,
    InputJsonDelta,
    MessageDelta,
    MessageEnd,
    MessageStart,
    SignatureDelta,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from senryu.wire.fold import fold
from senryu.wire.messages import Message
from senryu.wire.parse import parse
from senryu.wire.reply_blocks import (
    RedactedThinkingBlock,
    ReplyBlock,
    TextBlock,
    ThinkingBlock,
    ToolUseBlock,
)
from senryu.wire.requests import MessagesRequest
from senryu.wire.sources import PlainTextSource
from senryu.wire.tools import (
    BashTool,
    ComputerTool,
    CustomTool,
    MemoryTool,
    TextEditor20250124,
    TextEditor20250429,
    TextEditor20250728,
)
from senryu.wire.usage import DeltaUsage, OutputTokensDetails, Usage
from tests.contract.manifest import requirement

MESSAGES: list[MessageParam] = [
    {"role": "user", "content": "hi"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
            {"type": "text", "text": "so"},
            {
                "type": "tool_use",
                "id": "toolu_1",
                "name": "f",
                "input": {"a": [1, None]},
                "caller": {"type": "direct"},
                "cache_control": {"type": "ephemeral"},
            },
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "is_error": False,
                "content": [
                    {"type": "text", "text": "x"},
                    {
                        "type": "search_result",
                        "source": "s",
                        "title": "t",
                        "content": [{"type": "text", "text": "y"}],
                        "citations": {"enabled": False},
                    },
                    {
                        "type": "document",
                        "source": {"type": "text", "media_type": "text/plain", "data": "z"},
                        "title": None,
                    },
                    {"type": "document", "source": {"type": "content", "content": "w"}},
                    {"type": "tool_reference", "tool_name": "g"},
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": ""},
                    },
                ],
            },
            {"type": "text", "text": "and?"},
        ],
    },
]
TOOLS: list[ToolUnionParam] = [
    {
        "name": "f",
        "description": "d",
        "input_schema": {"type": "object", "properties": {"a": {"type": "array"}}},
        "strict": True,
        "defer_loading": False,
        "eager_input_streaming": None,
        "input_examples": [{"a": []}],
        "allowed_callers": ["direct"],
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "type": "custom",
    },
    {"type": "bash_20250124", "name": "bash", "strict": True},
    {"type": "text_editor_20250124", "name": "str_replace_editor"},
    {"type": "text_editor_20250429", "name": "str_replace_based_edit_tool"},
    {
        "type": "text_editor_20250728",
        "name": "str_replace_based_edit_tool",
        "max_characters": 10000,
    },
    {"type": "memory_20250818", "name": "memory", "defer_loading": True},
]
SCREEN: BetaToolUnionParam = {
    "type": "computer_20250124",
    "name": "computer",
    "display_width_px": 1024,
    "display_height_px": 768,
    "display_number": 0,
}


def read(**fields: Any) -> MessagesRequest:
    """A request with every field that the SDK's types have, none of which may be unknown."""
    body = {"model": "m", "max_tokens": 5000, "messages": MESSAGES} | fields
    parsed = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=False)
    assert parsed.dropped == ()
    return parsed.value


@requirement("messages.create.request")
def test_blocks_of_tool_loops_are_understood() -> None:
    request = read()
    call = request.messages[1].content[3]
    assert isinstance(call, ToolUseBlockParam)
    assert (call.id, call.name, call.input) == ("toolu_1", "f", {"a": [1, None]})
    result = request.messages[2].content[0]
    assert isinstance(result, ToolResultBlockParam)
    assert [type(block) for block in result.content] == [
        TextBlockParam,
        SearchResultBlockParam,
        DocumentBlockParam,
        DocumentBlockParam,
        ToolReferenceBlockParam,
        ImageBlockParam,
    ]
    plain, blocks = result.content[2:4]
    assert isinstance(plain, DocumentBlockParam)
    assert isinstance(plain.source, PlainTextSource)
    assert isinstance(blocks, DocumentBlockParam)
    assert isinstance(blocks.source, ContentSource)


@requirement("messages.content.string_is_one_block")
def test_a_result_in_a_string_is_one_text_block() -> None:
    def content(given: Any) -> Any:
        block = {"type": "tool_result", "tool_use_id": "a"} | given
        result = read(messages=[{"role": "user", "content": [block]}]).messages[0].content[0]
        assert isinstance(result, ToolResultBlockParam)
        return result.content

    assert content({"content": "x"}) == content({"content": [{"type": "text", "text": "x"}]})
    assert content({}) == content({"content": ""}) == content({"content": []}) == []


@requirement("messages.create.request")
def test_tools_are_understood() -> None:
    kinds = [type(tool) for tool in read(tools=[*TOOLS, SCREEN]).tools or ()]
    assert kinds == [
        CustomTool,
        BashTool,
        TextEditor20250124,
        TextEditor20250429,
        TextEditor20250728,
        MemoryTool,
        ComputerTool,
    ]


@requirement("messages.create.request")
@pytest.mark.parametrize(
    "fields",
    [
        {"thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"}},
        {"thinking": {"type": "adaptive", "display": "updates"}},
        {"thinking": {"type": "between_tools"}},
        {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        {"tool_choice": {"type": "any", "disable_parallel_tool_use": False}},
        {"tool_choice": {"type": "tool", "name": "f"}},
        {"tool_choice": {"type": "none"}},
        {"output_config": {"effort": "high", "format": None}},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
        {"output_format": {"type": "json_schema", "schema": {"type": "object"}}},
    ],
)
def test_what_is_asked_of_the_reply_is_understood(fields: Any) -> None:
    request = read(tools=TOOLS, **fields)
    (name,) = fields
    assert getattr(request, name) is not None
    asked = "schema" in json.dumps(fields)
    assert (request.output_schema == {"type": "object"}) == asked


def test_the_examples_here_are_what_the_sdk_would_send() -> None:
    params: MessageCreateParamsNonStreaming = {
        "model": "m",
        "max_tokens": 1,
        "messages": MESSAGES,
        "tools": TOOLS,
    }
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(params)
    TypeAdapter(BetaToolUnionParam).validate_python(SCREEN)


def growing(index: int, block: ReplyBlock, *deltas: Delta) -> list[StreamEvent]:
    """A block's events."""
    start = ContentBlockStart(index=index, content_block=block)
    return [start, *(ContentBlockDelta(index=index, delta=delta) for delta in deltas)]


def stream() -> list[StreamEvent]:
    """Every kind of block, as events."""
    usage = Usage(input_tokens=TokenUsage(7).prompt, output_tokens=1)
    counts = DeltaUsage(
        input_tokens=7,
        output_tokens=9,
        output_tokens_details=OutputTokensDetails(thinking_tokens=4),
    )
    call = ToolUseBlock(id="toolu_1", name="f", input={})
    return [
        MessageStart(message=Message(id="msg_1", model="m", usage=usage)),
        *growing(
            0,
            ThinkingBlock(thinking="", signature=""),
            ThinkingDelta(thinking="h"),
            ThinkingDelta(thinking="m"),
            SignatureDelta(signature="sig"),
        ),
        *growing(1, RedactedThinkingBlock(data="d")),
        *growing(2, TextBlock(text=""), TextDelta(text="s"), TextDelta(text="o")),
        *growing(3, call, InputJsonDelta(partial_json='{"a"'), InputJsonDelta(partial_json=": 1}")),
        *growing(4, call, InputJsonDelta(partial_json="{}")),
        MessageDelta(delta=MessageEnd(stop_reason="tool_use"), usage=counts),
    ]


@requirement("messages.create.shape")
def test_the_sdk_reads_a_folded_message_as_it_is() -> None:
    message = fold(stream())
    text = message.model_dump_json()
    seen = SdkMessage.model_validate_json(text)
    assert [block.type for block in seen.content] == [
        "thinking",
        "redacted_thinking",
        "text",
        "tool_use",
        "tool_use",
    ]
    assert seen.usage.output_tokens_details
    assert seen.usage.output_tokens_details.thinking_tokens == 4
    assert seen.stop_reason == "tool_use"
    assert seen.to_dict(exclude_unset=True) == json.loads(text)


@requirement("streaming.shapes")
@pytest.mark.parametrize("union", [RawMessageStreamEvent, BetaRawMessageStreamEvent])
def test_the_sdk_reads_every_event_as_it_is(union: Any) -> None:
    adapter: TypeAdapter[BaseModel] = TypeAdapter(union)
    for event in stream():
        text = event.model_dump_json()
        seen = adapter.validate_json(text)
        assert seen.model_dump(exclude_unset=True) == json.loads(text)
