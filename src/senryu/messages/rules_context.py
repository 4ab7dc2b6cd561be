"""Rules of ``context_management``: which edits there are, and how they go together."""

from senryu.messages.betas import CONTEXT_MANAGEMENT
from senryu.messages.caller import Caller
from senryu.messages.thinking import thinks
from senryu.wire.context_management import ClearThinking, Compact
from senryu.wire.requests import CountTokensRequest

__all__ = ["edits_are_allowed", "edits_are_built", "edits_go_together"]


def edits_are_allowed(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode edits are a beta, and reasoning can only be cleared where there is some."""
    asked = request.context_management
    if asked is None or not caller.strict:
        return None
    if CONTEXT_MANAGEMENT not in caller.betas:
        return "context_management: Extra inputs are not permitted"
    for index, edit in enumerate(asked.edits):
        if isinstance(edit, ClearThinking) and not thinks(request):
            return (
                f"context_management.edits.{index}: {edit.type} requires `thinking` to be enabled"
            )
    return None


def edits_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    """Nothing known is dropped in silence."""
    asked = request.context_management
    for index, edit in enumerate(asked.edits if asked else ()):
        if isinstance(edit, Compact):
            return (
                f"context_management.edits.{index}: {edit.type} is not supported by this server;"
                " leave it out and let the client compact the conversation"
            )
    return None


def edits_go_together(request: CountTokensRequest, caller: Caller) -> str | None:
    """Each edit is made once, and that of reasoning before that of results."""
    kinds = (
        [edit.type for edit in request.context_management.edits]
        if (request.context_management)
        else []
    )
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            return f"context_management.edits.{index}: {kind} is listed twice"
        if kind == "clear_thinking_20251015" and index:
            return f"context_management.edits.{index}: {kind} must be the first edit"
    return None
