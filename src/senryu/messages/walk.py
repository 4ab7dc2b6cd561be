"""A request's parts with their paths, as error messages name them."""

from collections.abc import Iterator

from senryu.wire.blocks import (
    CacheControl,
    ContentBlock,
    ContentSource,
    DocumentBlockParam,
    RedactedThinkingBlockParam,
    ResultBlock,
    SearchResultBlockParam,
    TextBlockParam,
    ThinkingBlockParam,
    ToolAdditionBlockParam,
    ToolChangeReference,
    ToolReferenceBlockParam,
    ToolRemovalBlockParam,
    ToolResultBlockParam,
    UnbuiltNestedBlock,
)
from senryu.wire.requests import CountTokensRequest, InputMessage
from senryu.wire.tools import ClientTool, UnbuiltTool

__all__ = [
    "blocks",
    "breakpoints",
    "last_control",
    "nested_blocks",
    "offered_tools",
    "prefill",
    "speaks_for_itself",
    "tool_changes",
]


def blocks(request: CountTokensRequest) -> Iterator[tuple[str, str, ContentBlock]]:
    """Every block with its path and whose it is, the system prompt's first."""
    for index, block in enumerate(request.system or ()):
        yield f"system.{index}", "system", block
    for number, message in enumerate(request.messages):
        for index, block in enumerate(message.content):
            yield f"messages.{number}.content.{index}", message.role, block


def nested_blocks(request: CountTokensRequest) -> Iterator[tuple[str, ResultBlock]]:
    """Every block inside a tool's result, and what is inside those, with their paths."""
    for path, _, block in blocks(request):
        if isinstance(block, ToolResultBlockParam):
            yield from _inside(path, block)


def tool_changes(request: CountTokensRequest) -> Iterator[tuple[str, str, bool]]:
    """Every tool that can be called from somewhere on, or cannot, in order: path, name, which.

    Results say so of tools that were found, and blocks of their own of any.
    """
    for path, _, block in blocks(request):
        if isinstance(block, ToolResultBlockParam):
            for inner, nested in _inside(path, block):
                if isinstance(nested, ToolReferenceBlockParam):
                    yield inner, nested.tool_name, True
        elif isinstance(block, ToolAdditionBlockParam | ToolRemovalBlockParam) and isinstance(
            block.tool, ToolChangeReference
        ):
            yield f"{path}.tool", block.tool.name, block.type == "tool_addition"


def offered_tools(request: CountTokensRequest) -> list[ClientTool]:
    """The tools that can be called in the end: without those that are deferred and never named."""
    changed = {name: is_added for _, name, is_added in tool_changes(request)}
    return [
        tool
        for tool in request.tools or ()
        if not isinstance(tool, UnbuiltTool) and changed.get(tool.name, not tool.defer_loading)
    ]


def prefill(request: CountTokensRequest) -> list[ContentBlock]:
    """The given beginning of the reply; empty if there is none."""
    last = request.messages[-1]
    return last.content if last.role == "assistant" else []


def speaks_for_itself(message: InputMessage) -> bool:
    """Whether the user says anything but what tools said, which begins a turn of the model's."""
    return message.role == "user" and any(
        not isinstance(block, ToolResultBlockParam) for block in message.content
    )


def last_control(request: CountTokensRequest) -> CacheControl | None:
    """The breakpoint of the block that the automatic one is for."""
    controls = [control for _, control in _cacheable(request)]
    return controls[-1] if controls else None


def breakpoints(request: CountTokensRequest) -> Iterator[tuple[str, CacheControl | None]]:
    """Every place of a breakpoint in the prompt's order, the automatic one last.

    The automatic one is none of its own where the last block has one already.
    """
    for path, control in _cacheable(request):
        yield f"{path}.cache_control", control
    if last_control(request) is None:
        yield "cache_control", request.cache_control


def _cacheable(request: CountTokensRequest) -> Iterator[tuple[str, CacheControl | None]]:
    """Every block where a breakpoint may be, in the prompt's order: its path and breakpoint."""
    for index, tool in enumerate(request.tools or ()):
        yield f"tools.{index}", tool.cache_control
    for path, _, block in blocks(request):
        if isinstance(block, ToolResultBlockParam):
            yield from ((inner, nested.cache_control) for inner, nested in _inside(path, block))
            yield path, block.cache_control
        elif not isinstance(block, ThinkingBlockParam | RedactedThinkingBlockParam):
            yield path, block.cache_control


def _inside(path: str, result: ToolResultBlockParam) -> Iterator[tuple[str, ResultBlock]]:
    for index, block in enumerate(result.content):
        inner = f"{path}.tool_result.content.{index}"
        for number, nested in enumerate(_parts(block)):
            yield f"{inner}.{block.type}.content.{number}", nested
        yield inner, block


def _parts(block: ResultBlock) -> list[TextBlockParam | UnbuiltNestedBlock]:
    if isinstance(block, SearchResultBlockParam):
        return [*block.content]
    if isinstance(block, DocumentBlockParam) and isinstance(block.source, ContentSource):
        return block.source.content
    return []
