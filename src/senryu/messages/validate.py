"""The meaning of a request: one table of small named rules, each with its source.

A rule returns what is wrong, as the client will read it, or None. Shape is already right here
(``wire/requests.py``); lengths in tokens are checked later, by ``turn.py``.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from senryu.errors import InvalidRequestError
from senryu.messages.caller import Caller
from senryu.messages.conversation import lifetime_s
from senryu.wire.blocks import (
    CacheControl,
    ContentBlock,
    TextBlockParam,
    ThinkingBlock,
    UnbuiltBlock,
)
from senryu.wire.requests import CountTokensRequest, MessagesRequest, ThinkingEnabled

__all__ = ["GENERATION_RULES", "PROMPT_RULES", "Rule", "check_generation", "check_prompt"]

_R = TypeVar("_R", contravariant=True)
_MAX_BREAKPOINTS = 4


@dataclass(frozen=True, slots=True)
class Rule(Generic[_R]):
    """One thing that must hold.

    Arguments:
        check: what is wrong with a request of this caller, or None.
        source: where the rule comes from.
    """

    check: Callable[[_R, Caller], str | None]
    source: str


def check_prompt(request: CountTokensRequest, caller: Caller) -> None:
    """Apply the rules for what shapes a prompt.

    Raises:
        InvalidRequestError: the first rule that does not hold.
    """
    _apply(PROMPT_RULES, request, caller)


def check_generation(request: MessagesRequest, caller: Caller) -> None:
    """Apply all rules.

    Raises:
        InvalidRequestError: the first rule that does not hold.
    """
    _apply(PROMPT_RULES, request, caller)
    _apply(GENERATION_RULES, request, caller)


def _apply(rules: "tuple[Rule[_R], ...]", request: _R, caller: Caller) -> None:
    for rule in rules:
        problem = rule.check(request, caller)
        if problem:
            raise InvalidRequestError(problem)


def _some_message(request: CountTokensRequest, caller: Caller) -> str | None:
    return None if request.messages else "messages: at least one message is required"


def _user_first(request: CountTokensRequest, caller: Caller) -> str | None:
    roles = [message.role for message in request.messages if message.role != "system"]
    if roles and roles[0] == "user":
        return None
    return 'messages: first message must use the "user" role'


def _system_in_place(request: CountTokensRequest, caller: Caller) -> str | None:
    for index, message in enumerate(request.messages):
        if message.role == "system" and caller.strict:
            return f"messages.{index}: role 'system' is not supported on this model"
        if message.role == "system" and any(b.type != "text" for b in message.content):
            return f"messages.{index}.content: a system message takes text blocks only"
    return None


def _content_not_empty(request: CountTokensRequest, caller: Caller) -> str | None:
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        if not message.content and not (index == last and message.role == "assistant"):
            return (
                f"messages.{index}: all messages must have non-empty content"
                " except for the optional final assistant message"
            )
    return None


def _text_not_empty(request: CountTokensRequest, caller: Caller) -> str | None:
    for path, _, block in _blocks(request):
        if isinstance(block, TextBlockParam) and not block.text and block.cache_control:
            return f"{path}.text: cache_control cannot be set for empty text blocks"
        if isinstance(block, TextBlockParam) and not block.text:
            return f"{path}.text: text content blocks must be non-empty"
        if isinstance(block, TextBlockParam) and caller.strict and not block.text.strip():
            return f"{path}.text: text content blocks must contain non-whitespace text"
    return None


def _prefill_ends_in_text(request: CountTokensRequest, caller: Caller) -> str | None:
    last = request.messages[-1]
    texts = [block.text for block in last.content if isinstance(block, TextBlockParam)]
    if last.role == "assistant" and texts and texts[-1] != texts[-1].rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None


def _thinking_is_assistants(request: CountTokensRequest, caller: Caller) -> str | None:
    for path, role, block in _blocks(request):
        if role != "assistant" and block.type in ("thinking", "redacted_thinking"):
            return f"{path}: `{block.type}` blocks are only allowed in assistant messages"
        if isinstance(block, ThinkingBlock) and caller.strict and not block.signature:
            return f"{path}.signature: Field required"
    return None


def _no_document_from_assistant(request: CountTokensRequest, caller: Caller) -> str | None:
    if caller.version < "2026-10-21":
        return None
    for path, role, block in _blocks(request):
        if role == "assistant" and block.type == "document":
            return f"{path}: `document` blocks are not allowed in assistant messages"
    return None


def _no_citations_from_user(request: CountTokensRequest, caller: Caller) -> str | None:
    if caller.version < "2026-10-21":
        return None
    for path, role, block in _blocks(request):
        if role == "user" and isinstance(block, TextBlockParam) and block.citations:
            return f"{path}.citations: citations are not allowed in user messages"
    return None


def _few_breakpoints(request: CountTokensRequest, caller: Caller) -> str | None:
    num_found = sum(control is not None for _, control in _breakpoints(request))
    if num_found <= _MAX_BREAKPOINTS:
        return None
    return (
        f"A maximum of {_MAX_BREAKPOINTS} blocks with cache_control may be provided."
        f" Found {num_found}."
    )


def _one_lifetime_a_block(request: CountTokensRequest, caller: Caller) -> str | None:
    automatic, last = request.cache_control, _last_control(request)
    if automatic is None or last is None or lifetime_s(automatic) == lifetime_s(last):
        return None
    return "cache_control.ttl: the last block already has a cache_control with a different ttl"


def _longer_lifetimes_first(request: CountTokensRequest, caller: Caller) -> str | None:
    shortest = math.inf
    for path, control in _breakpoints(request):
        lifetime = lifetime_s(control)
        if lifetime is None:
            continue
        if lifetime > shortest:
            return (
                f"{path}.ttl: a ttl='1h' cache_control block must not come after a ttl='5m'"
                " cache_control block. Note that blocks are processed in the following order:"
                " `tools`, `system`, `messages`."
            )
        shortest = lifetime
    return None


def _blocks_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    for path, _, block in _blocks(request):
        if isinstance(block, UnbuiltBlock):
            return (
                f"{path}: `{block.type}` blocks are not supported by this server;"
                " send the content as text"
            )
    return None


def _features_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    if request.tools:
        return "tools: tool use is not supported by this server; leave `tools` out or empty"
    if request.tool_choice and request.tool_choice.type in ("any", "tool"):
        return "tool_choice: may only be `any` or `tool` while `tools` are given"
    if isinstance(request.thinking, ThinkingEnabled):
        return "thinking: this model does not support thinking; send `disabled` or leave it out"
    if request.output_format or (request.output_config and request.output_config.format):
        return (
            "output_config.format: structured output is not supported by this server; leave it out"
        )
    if request.mcp_servers:
        return "mcp_servers: MCP servers are not supported by this server; leave it out"
    return None


def _nothing_to_stream(request: MessagesRequest, caller: Caller) -> str | None:
    # The API refuses three more things that mean output; here they are refused with any max_tokens.
    if request.max_tokens == 0 and request.stream:
        return "max_tokens: must be at least 1 with `stream`; 0 only fills the prompt cache"
    return None


def _no_container(request: MessagesRequest, caller: Caller) -> str | None:
    if request.container is None:
        return None
    return "container: containers are not supported by this server; leave it out"


def _visible_stop_sequences(request: MessagesRequest, caller: Caller) -> str | None:
    for index, text in enumerate(request.stop_sequences or ()):
        if not text.strip():
            return f"stop_sequences.{index}: each stop sequence must contain non-whitespace"
    return None


def _no_sampling(request: MessagesRequest, caller: Caller) -> str | None:
    if caller.version < "2026-10-21":
        return None
    for name in ("temperature", "top_p", "top_k"):
        if getattr(request, name) is not None:
            return f"{name}: not accepted in API version {caller.version}; leave it out"
    return None


def _temperature_or_top_p(request: MessagesRequest, caller: Caller) -> str | None:
    if caller.strict and request.temperature is not None and request.top_p is not None:
        return "temperature: `temperature` and `top_p` cannot both be specified for this model"
    return None


PROMPT_RULES: tuple[Rule[CountTokensRequest], ...] = (
    Rule(_some_message, "API: at least one message"),
    Rule(_system_in_place, "agents send system messages; the hosted model refuses them"),
    Rule(_user_first, "API: first turn is the user's"),
    Rule(_content_not_empty, "API: error text"),
    Rule(_text_not_empty, "API: error text"),
    Rule(_prefill_ends_in_text, "API: error text"),
    Rule(_thinking_is_assistants, "SDK: ThinkingBlockParam; compat takes unsigned blocks"),
    Rule(_no_document_from_assistant, "API version 2026-10-21, migration guide"),
    Rule(_no_citations_from_user, "API version 2026-10-21, migration guide"),
    Rule(_few_breakpoints, "API: error text"),
    Rule(_one_lifetime_a_block, "API: prompt caching, automatic caching's edge cases"),
    Rule(_longer_lifetimes_first, "API: error text"),
    Rule(_blocks_are_built, "ours: nothing known is dropped in silence"),
    Rule(_features_are_built, "ours: nothing known is dropped in silence"),
)
GENERATION_RULES: tuple[Rule[MessagesRequest], ...] = (
    Rule(_nothing_to_stream, "API: prompt caching, limits of pre-warming"),
    Rule(_no_container, "ours: nothing known is dropped in silence"),
    Rule(_visible_stop_sequences, "API: error text"),
    Rule(_no_sampling, "API version 2026-10-21, migration guide"),
    Rule(_temperature_or_top_p, "API: Haiku 4.5 takes one of them; compat takes both"),
)


def _blocks(request: CountTokensRequest) -> Iterator[tuple[str, str, ContentBlock]]:
    """Every block with its path and whose it is, the system prompt's first."""
    for index, block in enumerate(request.system or ()):
        yield f"system.{index}", "system", block
    for number, message in enumerate(request.messages):
        for index, block in enumerate(message.content):
            yield f"messages.{number}.content.{index}", message.role, block


def _cacheable(request: CountTokensRequest) -> Iterator[tuple[str, CacheControl | None]]:
    """Every block where a breakpoint may be, in the prompt's order: its path and breakpoint."""
    for index, tool in enumerate(request.tools or ()):
        yield f"tools.{index}", tool.cache_control
    for path, _, block in _blocks(request):
        if isinstance(block, TextBlockParam | UnbuiltBlock):
            yield path, block.cache_control


def _last_control(request: CountTokensRequest) -> CacheControl | None:
    """The breakpoint of the block that the automatic one is for."""
    return [control for _, control in _cacheable(request)][-1]


def _breakpoints(request: CountTokensRequest) -> Iterator[tuple[str, CacheControl | None]]:
    """Every place of a breakpoint in the prompt's order, the automatic one last.

    The automatic one is none of its own where the last block has one already.
    """
    for path, control in _cacheable(request):
        yield f"{path}.cache_control", control
    if _last_control(request) is None:
        yield "cache_control", request.cache_control
