"""Rules of tools: what is offered and forced, and that calls and results belong together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from senryu.messages.betas import COMPUTER_USE
from senryu.messages.caller import Caller
from senryu.messages.walk import blocks, offered_tools, tool_changes
from senryu.wire.blocks import (
    ContentBlock,
    ToolAdditionBlockParam,
    ToolRemovalBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
    UnbuiltToolChange,
)
from senryu.wire.requests import CountTokensRequest
from senryu.wire.tools import ComputerTool, ToolChoiceTool, UnbuiltTool

__all__ = [
    "betas_of_tools",
    "calls_are_answered",
    "changes_are_built",
    "choice_is_offered",
    "names_are_unique",
    "references_are_defined",
    "some_tool_not_deferred",
    "tools_are_built",
]

_SHORT_NAME = re.compile(r"[a-z0-9_]{1,64}")


def tools_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    """Nothing known is dropped in silence."""
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, UnbuiltTool):
            kind = f"`{tool.type}` tools" if _SHORT_NAME.fullmatch(tool.type) else "such tools"
            return f"tools.{index}: {kind} are not supported by this server; leave it out"
        if tool.allowed_callers is not None and "direct" not in tool.allowed_callers:
            return (
                f"tools.{index}.allowed_callers: tools that only code may call are not supported"
                " by this server; add `direct`"
            )
    return None


def betas_of_tools(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode what is a beta is asked for by its name."""
    for index, tool in enumerate(request.tools or ()):
        is_beta = isinstance(tool, ComputerTool) and COMPUTER_USE not in caller.betas
        if caller.strict and is_beta:
            return f"tools.{index}: `{tool.type}` requires the `{COMPUTER_USE}` beta"
    return None


def names_are_unique(request: CountTokensRequest, caller: Caller) -> str | None:
    """Calls name tools."""
    names = [tool.name for tool in request.tools or ()]
    return None if len(set(names)) == len(names) else "tools: Tool names must be unique."


def some_tool_not_deferred(request: CountTokensRequest, caller: Caller) -> str | None:
    """In strict mode a model that could load tools has one to do it with."""
    if caller.strict and request.tools and not offered_tools(request):
        return "At least one tool must have defer_loading=false. All tools cannot be deferred."
    return None


def references_are_defined(request: CountTokensRequest, caller: Caller) -> str | None:
    """What becomes callable, or ceases to be, is a tool of the request."""
    names = {tool.name for tool in request.tools or ()}
    for path, name, _ in tool_changes(request):
        if name not in names:
            return f"{path}: Tool reference '{name}' has no corresponding tool definition"
    return None


def changes_are_built(request: CountTokensRequest, caller: Caller) -> str | None:
    """Tools come and go by name, and the model does not say which it has."""
    for path, role, block in blocks(request):
        if not isinstance(block, ToolAdditionBlockParam | ToolRemovalBlockParam):
            continue
        if role == "assistant":
            return f"{path}: `{block.type}` blocks are not allowed in assistant messages"
        if isinstance(block.tool, UnbuiltToolChange):
            return (
                f"{path}.tool: `{block.tool.type}` is not supported by this server; list the tool"
                " in `tools` and use `tool_reference`"
            )
    return None


def choice_is_offered(request: CountTokensRequest, caller: Caller) -> str | None:
    """What is forced can be called."""
    choice = request.tool_choice
    if choice is None or choice.type in ("auto", "none"):
        return None
    offered = {tool.name for tool in offered_tools(request)}
    if not request.tools:
        return "tool_choice: may only be `any` or `tool` while `tools` are given"
    if isinstance(choice, ToolChoiceTool) and choice.name not in {t.name for t in request.tools}:
        return f"tool_choice.tool.name: Tool '{choice.name}' not found in provided tools"
    if not offered or isinstance(choice, ToolChoiceTool) and choice.name not in offered:
        return "tool_choice: the tool was removed, or it is deferred and nothing has named it"
    return None


def calls_are_answered(request: CountTokensRequest, caller: Caller) -> str | None:
    """Every call is answered, once, at the beginning of the user's next turn; nothing else is.

    Neighbouring messages of one role are one turn. A system message is a turn of its own.
    """
    pairing = _Pairing()
    for number, index, role, block in _in_turns(request):
        problem = pairing.enter(role) or pairing.see(number, index, block)
        if problem:
            return problem
    return pairing.enter("end")


def _in_turns(request: CountTokensRequest) -> Iterator[tuple[int, int, str, ContentBlock]]:
    for number, message in enumerate(request.messages):
        for index, block in enumerate(message.content):
            yield number, index, message.role, block


@dataclass(slots=True)
class _Pairing:
    """Where a conversation's calls and results stand.

    Arguments:
        role: whose turn it is.
        ids: of all calls so far.
        calls: the calls of the last assistant turn, and the messages that they are in.
        answered: which of them have a result.
    """

    role: str = ""
    ids: set[str] = field(default_factory=set[str])
    calls: dict[str, int] = field(default_factory=dict[str, int])
    answered: set[str] = field(default_factory=set[str])

    def enter(self, role: str) -> str | None:
        """The turn goes on or changes; what is wrong with that."""
        if role == self.role:
            return None
        ended, self.role = self.role, role
        if ended == "assistant" and role == "user":
            return None
        problem = self._unanswered()
        self.calls, self.answered = {}, set()
        return problem

    def see(self, number: int, index: int, block: ContentBlock) -> str | None:
        """The turn's next block; what is wrong with it."""
        path = f"messages.{number}.content.{index}"
        if isinstance(block, ToolUseBlockParam):
            if self.role != "assistant":
                return f"messages.{number}: `tool_use` blocks can only be in `assistant` messages"
            if block.id in self.ids:
                return f"{path}: `tool_use` ids must be unique"
            self.ids.add(block.id)
            self.calls[block.id] = number
            return None
        if isinstance(block, ToolResultBlockParam):
            if self.role != "user":
                return f"messages.{number}: `tool_result` blocks can only be in `user` messages"
            return self._answer(path, block.tool_use_id)
        return self._unanswered() if self.role == "user" else None

    def _answer(self, path: str, tool_use_id: str) -> str | None:
        if tool_use_id not in self.calls:
            return (
                f"{path}: unexpected `tool_use_id` found in `tool_result` blocks: {tool_use_id}."
                " Each `tool_result` block must have a corresponding `tool_use` block in the"
                " previous message."
            )
        if tool_use_id in self.answered:
            return (
                f"{path}: each tool_use must have a single result. Found multiple `tool_result`"
                f" blocks with id: {tool_use_id}"
            )
        self.answered.add(tool_use_id)
        return None

    def _unanswered(self) -> str | None:
        missing = [call for call in self.calls if call not in self.answered]
        if not missing:
            return None
        return (
            f"messages.{self.calls[missing[0]]}: `tool_use` ids were found without `tool_result`"
            f" blocks immediately after: {', '.join(missing)}. Each `tool_use` block must have a"
            " corresponding `tool_result` block in the next message."
        )
