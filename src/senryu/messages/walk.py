"""A request's parts with their paths, as error messages name them."""

from collections.abc import Iterator

from senryu.wire.blocks import (
    CacheControl,
    ContentBlock,
    ContentSource,
    DocumentBlockParam,
    ResultBlock,
    SearchResultBlockParam,
    TextBlockParam,
    ToolReferenceBlockParam,
    ToolResultBlockParam,
    ToolUseBlockParam,
    UnbuiltBlock,
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
    "tool_references",
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


def tool_references(request: CountTokensRequest) -> Iterator[tuple[str, str]]:
    """Every tool that a result names, with the path of the reference."""
    for path, block in nested_blocks(request):
        if isinstance(block, ToolReferenceBlockParam):
            yield path, block.tool_name


def offered_tools(request: CountTokensRequest) -> list[ClientTool]:
    """The tools that the model is told of: without those that are deferred and never named."""
    named = {name for _, name in tool_references(request)}
    return [
        tool
        for tool in request.tools or ()
        if not isinstance(tool, UnbuiltTool) and (not tool.defer_loading or tool.name in named)
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
        elif isinstance(block, TextBlockParam | ToolUseBlockParam | UnbuiltBlock):
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
