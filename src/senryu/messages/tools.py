"""The tools of a request, as a model is told of them.

Most are told before the conversation. A deferred one is told where a result first names it, in that
result's text: that adds to the prompt's end and changes nothing before it, so what is cached stays.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from senryu.canonical import as_written, canonical
from senryu.core import Tool
from senryu.messages.betas import EAGER_TOOLS
from senryu.messages.cache_control import lifetime_s
from senryu.messages.caller import Caller
from senryu.messages.schemas import read_schema
from senryu.messages.typed_tools import tool_schema
from senryu.messages.walk import tool_changes
from senryu.wire.blocks import (
    ToolAdditionBlockParam,
    ToolChangeReference,
    ToolRemovalBlockParam,
)
from senryu.wire.requests import CountTokensRequest, MessagesRequest
from senryu.wire.tools import ClientTool, CustomTool, UnbuiltTool

__all__ = ["Offer", "change", "eager_tools", "enforced_schema", "introduction", "offer_of"]

# Stands in an agent's list for tools that it has not loaded; it is no tool.
_PLACEHOLDER = "DeferredToolPlaceholder"
_MAX_READ_SCHEMAS = 512


@dataclass(frozen=True, slots=True)
class Offer:
    """The tools that a model can call.

    Arguments:
        first: those that it is told of before the conversation, in their order.
        later: those that are introduced on the way, in the order of their first mention.
        removed: names of those that were taken away again.
    """

    first: tuple[Tool, ...] = ()
    later: tuple[Tool, ...] = ()
    removed: frozenset[str] = frozenset()

    @property
    def told(self) -> dict[str, Tool]:
        """Every tool that the model is told of, by name."""
        return {tool.name: tool for tool in self.first + self.later}

    @property
    def all(self) -> tuple[Tool, ...]:
        """Every tool that can be called."""
        return tuple(tool for name, tool in self.told.items() if name not in self.removed)


def offer_of(request: CountTokensRequest) -> Offer:
    """What a request offers, if the rules passed it."""
    tools = _client_tools(request)
    deferred = {tool.name: tool for tool in tools if tool.defer_loading}
    changed = {name: is_added for _, name, is_added in tool_changes(request)}
    named = dict.fromkeys(name for _, name, _ in tool_changes(request) if name in deferred)
    return Offer(
        tuple(_tool(tool) for tool in tools if not tool.defer_loading),
        tuple(_tool(deferred[name]) for name in named),
        frozenset(name for name, is_added in changed.items() if not is_added),
    )


def eager_tools(request: MessagesRequest, caller: Caller) -> frozenset[str]:
    """Names of the tools whose arguments are sent as they come; in a stream, if at all.

    A tool says so itself; of those that say nothing, the beta does.
    """
    if not request.stream:
        return frozenset()
    by_beta = EAGER_TOOLS in caller.betas
    return frozenset(
        tool.name
        for tool in _client_tools(request)
        if (by_beta if (said := getattr(tool, "eager_input_streaming", None)) is None else said)
    )


@lru_cache(maxsize=_MAX_READ_SCHEMAS)
def enforced_schema(schema: str) -> str:
    """What of a schema a grammar enforces; remembered, because agents send the same with each turn.

    Arguments:
        schema: a valid one; its keys keep their order.
    """
    return as_written(read_schema(json.loads(schema)).enforced)


def change(block: ToolAdditionBlockParam | ToolRemovalBlockParam, tools: Mapping[str, Tool]) -> str:
    """What the model is told where a tool becomes callable or ceases to be.

    Arguments:
        block: says so, of a tool of the request.
        tools: all that the model is told of somewhere; those told first need no introduction.
    """
    assert isinstance(block.tool, ToolChangeReference)
    name = block.tool.name
    if isinstance(block, ToolRemovalBlockParam):
        return f"The tool `{name}` cannot be called from now on."
    return introduction(name, tools) or f"The tool `{name}` can be called from now on."


def introduction(name: str, tools: Mapping[str, Tool]) -> str:
    """What a result says of a tool that it makes callable; nothing of one that cannot be.

    Arguments:
        name: the tool's.
        tools: all that can be called.
    """
    tool = tools.get(name)
    if tool is None:
        return ""
    head = json.dumps({"name": name, "description": tool.description}, ensure_ascii=False)
    examples = f', "examples": [{", ".join(tool.examples)}]' if tool.examples else ""
    definition = f'{head[:-1]}, "parameters": {tool.schema}{examples}}}'
    return f"This tool can be called from now on:\n{definition}"


def _client_tools(request: CountTokensRequest) -> list[ClientTool]:
    return [
        tool
        for tool in request.tools or ()
        if not isinstance(tool, UnbuiltTool) and tool.name != _PLACEHOLDER
    ]


def _tool(tool: ClientTool) -> Tool:
    description, schema, held = tool_schema(tool)
    # What clients send is the same in any order of keys; ours have the one a model writes best in.
    spelled = canonical if isinstance(tool, CustomTool) else as_written
    return Tool(
        tool.name,
        description,
        spelled(schema),
        enforced=enforced_schema(spelled(held)),
        examples=tuple(canonical(example) for example in tool.input_examples or ()),
        lifetime_s=lifetime_s(tool.cache_control),
    )
