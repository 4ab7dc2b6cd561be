"""Rules of the conversation: whose messages come when, and what may be in them."""

from senryu.messages.caller import Caller
from senryu.messages.walk import blocks, nested_blocks, prefill
from senryu.wire.blocks import (
    ServerToolCaller,
    TextBlockParam,
    ThinkingBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
    UnbuiltBlock,
    UnbuiltNestedBlock,
)
from senryu.wire.requests import CountTokensRequest

__all__ = [
    "blocks_are_built",
    "content_not_empty",
    "no_citations_from_user",
    "no_document_from_assistant",
    "prefill_ends_in_text",
    "results_not_empty",
    "some_message",
    "system_in_place",
    "text_not_empty",
    "thinking_is_assistants",
    "user_first",
]

_OF_SYSTEM = ("text", "tool_addition", "tool_removal")
_NEWER = "2026-10-21"


def some_message(request: CountTokensRequest, caller: Caller) -> str | None:
    """At least one message."""
    return None if request.messages else "messages: at least one message is required"


def user_first(request: CountTokensRequest, caller: Caller) -> str | None:
    """The user speaks first, system messages aside."""
    roles = [message.role for message in request.messages if message.role != "system"]
    if roles and roles[0] == "user":
        return None
    return 'messages: first message must use the "user" role'


def system_in_place(request: CountTokensRequest, caller: Caller) -> str | None:
    """System messages are texts and changes of tools, and none in strict mode."""
    for index, message in enumerate(request.messages):
        if message.role == "system" and caller.strict:
            return f"messages.{index}: role 'system' is not supported on this model"
        if message.role == "system" and any(b.type not in _OF_SYSTEM for b in message.content):
            return f"messages.{index}.content: a system message takes text blocks only"
    return None


def content_not_empty(request: CountTokensRequest, caller: Caller) -> str | None:
    """Every message says something."""
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        if not message.content and not (index == last and message.role == "assistant"):
            return (
                f"messages.{index}: all messages must have non-empty content"
                " except for the optional final assistant message"
            )
    return None


def text_not_empty(request: CountTokensRequest, caller: Caller) -> str | None:
    """Every text block says something; in strict mode also those in results."""
    for path, _, block in blocks(request):
        if isinstance(block, TextBlockParam) and not block.text and block.cache_control:
            return f"{path}.text: cache_control cannot be set for empty text blocks"
        if isinstance(block, TextBlockParam) and not block.text:
            return f"{path}.text: text content blocks must be non-empty"
        if isinstance(block, TextBlockParam) and caller.strict and not block.text.strip():
            return f"{path}.text: text content blocks must contain non-whitespace text"
    for path, nested in nested_blocks(request):
        if isinstance(nested, TextBlockParam) and caller.strict and not nested.text:
            return f"{path}.text: text content blocks must be non-empty"
    return None


def results_not_empty(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode a failure says what failed."""
    for path, _, block in blocks(request):
        if not caller.strict or not isinstance(block, ToolResultBlockParam):
            continue
        if block.is_error and not block.content:
            return f"{path}.tool_result: content cannot be empty if `is_error` is true"
    return None


def prefill_ends_in_text(request: CountTokensRequest, caller: Caller) -> str | None:
    """A given beginning does not end in white space, which models cannot go on from."""
    texts = [block.text for block in prefill(request) if isinstance(block, TextBlockParam)]
    if texts and texts[-1] != texts[-1].rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None


def thinking_is_assistants(request: CountTokensRequest, caller: Caller) -> str | None:
    """Only the assistant thinks; in strict mode every thought is signed."""
    for path, role, block in blocks(request):
        if role != "assistant" and block.type in ("thinking", "redacted_thinking"):
            return f"{path}: `{block.type}` blocks are only allowed in assistant messages"
        if isinstance(block, ThinkingBlockParam) and caller.strict and not block.signature:
            return f"{path}.signature: Field required"
    return None


def no_document_from_assistant(request: CountTokensRequest, caller: Caller) -> str | None:
    """In the newer version documents are the user's."""
    if caller.version < _NEWER:
        return None
    for path, role, block in blocks(request):
        if role == "assistant" and block.type == "document":
            return f"{path}: `document` blocks are not allowed in assistant messages"
    return None


def no_citations_from_user(request: CountTokensRequest, caller: Caller) -> str | None:
    """In the newer version citations are the assistant's."""
    if caller.version < _NEWER:
        return None
    for path, role, block in blocks(request):
        if role == "user" and isinstance(block, TextBlockParam) and block.citations:
            return f"{path}.citations: citations are not allowed in user messages"
    for path, nested in nested_blocks(request):
        if isinstance(nested, TextBlockParam) and nested.citations:
            return f"{path}.citations: citations are not allowed in user messages"
    return None


def blocks_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    """Nothing known is dropped in silence."""
    for path, _, block in blocks(request):
        if isinstance(block, UnbuiltBlock):
            return _unbuilt(path, block.type)
        if isinstance(block, ToolUseBlockParam) and isinstance(block.caller, ServerToolCaller):
            return f"{path}.caller: calls from server tools are not supported by this server"
        if isinstance(block, ToolUseBlockParam | ToolResultBlockParam) and block.toolset_name:
            return f"{path}.toolset_name: toolsets are not supported by this server"
    for path, nested in nested_blocks(request):
        if isinstance(nested, UnbuiltNestedBlock):
            return _unbuilt(path, nested.type)
    return None


def _unbuilt(path: str, kind: str) -> str:
    return f"{path}: `{kind}` blocks are not supported by this server; send the content as text"
