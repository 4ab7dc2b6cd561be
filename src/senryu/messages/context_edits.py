"""Edits of a conversation that its client asked for: old results and old reasoning go.

Pure: a request in, the request as it reads afterwards out. What that saves is counted in tokens,
which is for whoever can count them. The client goes on sending the whole conversation.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from senryu.messages.walk import speaks_for_itself
from senryu.wire.blocks import (
    ContentBlock,
    TextBlockParam,
    ToolReferenceBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
)
from senryu.wire.context_management import (
    AppliedEdit,
    ClearedThinking,
    ClearedToolUses,
    ClearThinking,
    ClearToolUses,
    ContextEdit,
    InputTokens,
    ThinkingTurns,
)
from senryu.wire.requests import CountTokensRequest

__all__ = ["Cleared", "clear", "keeps_old_thinking"]

_PLACEHOLDER = "[This result was cleared to save room in the context.]"
_THOUGHTS = ("thinking", "redacted_thinking")


@dataclass(frozen=True, slots=True)
class Cleared:
    """A request after one edit.

    Arguments:
        request: as it reads now.
        least: tokens that the edit has to save, or it is not made.
        applied: what to tell of it, from the tokens that it saves.
    """

    request: CountTokensRequest
    least: int
    applied: Callable[[int], AppliedEdit]


def clear(request: CountTokensRequest, edit: ContextEdit, *, num_tokens: int) -> Cleared | None:
    """Make one edit; None if it changes nothing.

    Arguments:
        request: the request, as the edits before this one left it.
        edit: one of its edits.
        num_tokens: the prompt's tokens so far.
    """
    match edit:
        case ClearThinking():
            return _clear_thinking(request, edit)
        case ClearToolUses():
            return _clear_results(request, edit, num_tokens)
        case _:
            return None


def keeps_old_thinking(request: CountTokensRequest) -> bool:
    """Whether reasoning of earlier turns is kept, as far as an edit does not clear it.

    Without that edit only what belongs to the tool loop in progress is kept.
    """
    asked = request.context_management
    return asked is not None and any(isinstance(edit, ClearThinking) for edit in asked.edits)


def _clear_thinking(request: CountTokensRequest, edit: ClearThinking) -> Cleared | None:
    if not isinstance(edit.keep, ThinkingTurns):
        return None
    turns: dict[int, list[int]] = {}  # turn -> its messages with reasoning
    turn = 0
    for number, message in enumerate(request.messages):
        turn += speaks_for_itself(message)
        if any(block.type in _THOUGHTS for block in message.content):
            turns.setdefault(turn, []).append(number)
    old = list(turns.values())[: -edit.keep.value]
    if not old:
        return None
    numbers = {number for messages in old for number in messages}

    def kept(number: int, block: ContentBlock) -> ContentBlock | None:
        return None if number in numbers and block.type in _THOUGHTS else block

    return Cleared(
        _changed(request, kept),
        least=1,
        applied=lambda saved: ClearedThinking(
            cleared_thinking_turns=len(old), cleared_input_tokens=saved
        ),
    )


def _clear_results(
    request: CountTokensRequest, edit: ClearToolUses, num_tokens: int
) -> Cleared | None:
    results = list(_results(request))
    size = num_tokens if isinstance(edit.trigger, InputTokens) else len(results)
    if size <= edit.trigger.value:
        return None
    names = {
        block.id: block.name
        for message in request.messages
        for block in message.content
        if isinstance(block, ToolUseBlockParam)
    }
    excluded = edit.exclude_tools or ()
    old = {
        result.tool_use_id
        for result in results[: max(0, len(results) - edit.keep.value)]
        if names.get(result.tool_use_id) not in excluded and not _is_needed(result)
    }
    if not old:
        return None

    def without(_: int, block: ContentBlock) -> ContentBlock:
        if isinstance(block, ToolResultBlockParam) and block.tool_use_id in old:
            text = TextBlockParam(type="text", text=_PLACEHOLDER)
            return block.model_copy(update={"content": [text]})
        if isinstance(block, ToolUseBlockParam) and block.id in old:
            inputs = edit.clear_tool_inputs or []
            if inputs is True or block.name in inputs:
                return block.model_copy(update={"input": {}})
        return block

    return Cleared(
        _changed(request, without),
        least=max(edit.clear_at_least.value if edit.clear_at_least else 0, 1),
        applied=lambda saved: ClearedToolUses(
            cleared_tool_uses=len(old), cleared_input_tokens=saved
        ),
    )


def _results(request: CountTokensRequest) -> Iterator[ToolResultBlockParam]:
    for message in request.messages:
        yield from (block for block in message.content if isinstance(block, ToolResultBlockParam))


def _is_needed(result: ToolResultBlockParam) -> bool:
    """Whether something else hangs on a result: the tools that it made callable."""
    return any(isinstance(block, ToolReferenceBlockParam) for block in result.content)


def _changed(
    request: CountTokensRequest, change: Callable[[int, ContentBlock], ContentBlock | None]
) -> CountTokensRequest:
    """A request with every block changed, or left out for None.

    Arguments:
        request: the request.
        change: makes of a message's number and a block what stands in its place.
    """
    messages = [
        message.model_copy(
            update={
                "content": [
                    made for block in message.content if (made := change(number, block)) is not None
                ]
            }
        )
        for number, message in enumerate(request.messages)
    ]
    return request.model_copy(update={"messages": messages})
