"""Rules of ``thinking``: its budget, what it excludes, and what comes back of it."""

from senryu.messages.betas import INTERLEAVED_THINKING
from senryu.messages.caller import Caller
from senryu.messages.walk import prefill, speaks_for_itself
from senryu.wire.blocks import ContentBlock
from senryu.wire.requests import (
    CountTokensRequest,
    MessagesRequest,
    ThinkingAdaptive,
    ThinkingEnabled,
)

__all__ = [
    "budget_below_max_tokens",
    "loop_begins_with_thinking",
    "no_forced_tool",
    "no_prefill",
    "no_sampling_beside_thinking",
    "thinking_comes_first",
]

_MIN_TOP_P = 0.95
_THOUGHTS = ("thinking", "redacted_thinking")


def budget_below_max_tokens(request: MessagesRequest, caller: Caller) -> str | None:
    """A budget leaves room for the answer, or is for several replies around tool calls.

    Clients name the beta for conversations without tools too; only strict mode minds.
    """
    if not isinstance(request.thinking, ThinkingEnabled):
        return None
    spans_replies = INTERLEAVED_THINKING in caller.betas and (request.tools or not caller.strict)
    if request.thinking.budget_tokens < request.max_tokens or spans_replies:
        return None
    return "`max_tokens` must be greater than `thinking.budget_tokens`."


def no_forced_tool(request: CountTokensRequest, caller: Caller) -> str | None:
    """A call that is forced leaves no room for thinking."""
    choice = request.tool_choice
    if choice and choice.type in ("any", "tool") and _thinks(request, caller):
        return "Thinking may not be enabled when tool_choice forces tool use."
    return None


def no_prefill(request: CountTokensRequest, caller: Caller) -> str | None:
    """An answer that has begun cannot be thought about."""
    given = prefill(request)
    if not given or not _thinks(request, caller):
        return None
    if given[0].type not in _THOUGHTS:
        return _expected(len(request.messages) - 1, given)
    return (
        f"messages.{len(request.messages) - 1}: an assistant message cannot be continued while"
        " `thinking` is enabled; end with a user message"
    )


def loop_begins_with_thinking(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode the thinking that led to the calls in progress comes back.

    Other servers' replies, and those from before thinking was turned on, have none; the hosted API
    refuses such a conversation.
    """
    if not (caller.strict and isinstance(request.thinking, ThinkingEnabled)):
        return None
    found: tuple[int, list[ContentBlock]] | None = None
    for index, message in reversed(list(enumerate(request.messages))):
        if speaks_for_itself(message):
            break
        if message.role == "assistant" and message.content:
            found = index, message.content
    if found is None or found[1][0].type in _THOUGHTS:
        return None
    return _expected(*found)


def thinking_comes_first(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode a message with thinking begins with it and does not end with it."""
    for index, message in enumerate(request.messages):
        kinds = [block.type for block in message.content]
        if not caller.strict or not any(kind in _THOUGHTS for kind in kinds):
            continue
        if kinds[0] not in _THOUGHTS:
            return (
                f"messages.{index}.content.0: If an assistant message contains any thinking"
                " blocks, the first block must be `thinking` or `redacted_thinking`. Found"
                f" `{kinds[0]}`."
            )
        if kinds[-1] in _THOUGHTS:
            return (
                f"messages.{index}: The final block in an assistant message cannot be"
                f" `{kinds[-1]}`."
            )
    return None


def no_sampling_beside_thinking(request: MessagesRequest, caller: Caller) -> str | None:
    """In strict mode thinking leaves sampling alone."""
    if not caller.strict or not isinstance(request.thinking, ThinkingEnabled | ThinkingAdaptive):
        return None
    if request.temperature not in (None, 1):
        return "`temperature` may only be set to 1 when thinking is enabled."
    if request.top_p is not None and request.top_p < _MIN_TOP_P:
        return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
    if request.top_k is not None:
        return "`top_k` must be unset when thinking is enabled."
    return None


def _thinks(request: CountTokensRequest, caller: Caller) -> bool:
    """Whether thinking is asked for; in compat mode ``adaptive`` gives way to what excludes it."""
    if isinstance(request.thinking, ThinkingEnabled):
        return True
    return caller.strict and isinstance(request.thinking, ThinkingAdaptive)


def _expected(index: int, content: list[ContentBlock]) -> str:
    # The spelling is the API's: clients look for it.
    return (
        f"messages.{index}.content.0.type: Expected `thinking` or `redacted_thinking`, but found"
        f" `{content[0].type}`. When `thinking` is enabled, a final `assistant` message must start"
        " with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result`"
        " blocks). We recommend you include thinking blocks from previous turns. To avoid this"
        " requirement, disable `thinking`."
    )
