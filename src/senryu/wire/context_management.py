"""Edits of the context that a client asks for, and what came of them. Shapes and defaults: SDK."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import UnreadModel, WireModel

__all__ = [
    "AllThinkingTurns",
    "AppliedEdit",
    "AppliedEdits",
    "ClearThinking",
    "ClearToolUses",
    "ClearedThinking",
    "ClearedToolUses",
    "Compact",
    "ContextEdit",
    "ContextEdits",
    "InputTokens",
    "OriginalTokens",
    "ThinkingTurns",
    "ToolUses",
]

# API: context editing, defaults of `clear_tool_uses_20250919`.
_DEFAULT_TRIGGER = 100_000
_DEFAULT_KEEP = 3
_MAX_EDITS = 16  # ours; there are three kinds
_MAX_NAMES = 10_000  # as many as a request may have tools


class InputTokens(WireModel):
    """A number of prompt tokens."""

    type: Literal["input_tokens"] = "input_tokens"
    value: Annotated[int, Field(ge=0)]


class ToolUses(WireModel):
    """A number of calls with their results."""

    type: Literal["tool_uses"] = "tool_uses"
    value: Annotated[int, Field(ge=0)]


class ThinkingTurns(WireModel):
    """A number of the assistant's last turns that have reasoning."""

    type: Literal["thinking_turns"] = "thinking_turns"
    value: Annotated[int, Field(ge=1)]


class AllThinkingTurns(WireModel):
    """All of them."""

    type: Literal["all"] = "all"


_Names = Annotated[list[str], Field(max_length=_MAX_NAMES)]


class ClearToolUses(WireModel):
    """Put a placeholder where the results of old calls were."""

    type: Literal["clear_tool_uses_20250919"]
    trigger: Annotated[InputTokens | ToolUses, Field(discriminator="type")] = InputTokens(
        value=_DEFAULT_TRIGGER
    )
    keep: ToolUses = ToolUses(value=_DEFAULT_KEEP)
    clear_at_least: InputTokens | None = None
    exclude_tools: _Names | None = None
    clear_tool_inputs: bool | _Names | None = None


class ClearThinking(WireModel):
    """Leave out the reasoning of old turns."""

    type: Literal["clear_thinking_20251015"]
    keep: (
        Annotated[ThinkingTurns | AllThinkingTurns, Field(discriminator="type")] | Literal["all"]
    ) = ThinkingTurns(value=1)


class Compact(UnreadModel):
    """Have the model summarise the conversation; not served yet."""

    type: Literal["compact_20260112"]


ContextEdit = Annotated[ClearToolUses | ClearThinking | Compact, Field(discriminator="type")]


class ContextEdits(WireModel):
    """``context_management`` of a request."""

    edits: Annotated[list[ContextEdit], Field(max_length=_MAX_EDITS)] = []


class ClearedToolUses(WireModel):
    """What became of ``ClearToolUses``."""

    type: Literal["clear_tool_uses_20250919"] = "clear_tool_uses_20250919"
    cleared_tool_uses: int
    cleared_input_tokens: int


class ClearedThinking(WireModel):
    """What became of ``ClearThinking``."""

    type: Literal["clear_thinking_20251015"] = "clear_thinking_20251015"
    cleared_thinking_turns: int
    cleared_input_tokens: int


AppliedEdit = ClearedToolUses | ClearedThinking


class AppliedEdits(WireModel):
    """``context_management`` of a reply: the edits that changed something."""

    applied_edits: list[AppliedEdit] = []


class OriginalTokens(WireModel):
    """``context_management`` of a token count."""

    original_input_tokens: int
