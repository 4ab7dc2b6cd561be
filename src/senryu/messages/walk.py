"""A request's parts with their paths, as error messages name them."""

from collections.abc import Iterator, Sequence

from senryu.wire.blocks import (
    CacheControl,
    ContentBlock,
    ContentSource,
    DocumentBlockParam,
    ImageBlockParam,
    RedactedThinkingBlockParam,
    ResultBlock,
    SearchResultBlockParam,
    ThinkingBlockParam,
    ToolAdditionBlockParam,
    ToolChangeReference,
    ToolReferenceBlockParam,
    ToolRemovalBlockParam,
    ToolResultBlockParam,
)
from senryu.wire.requests import CountTokensRequest, InputMessage
from senryu.wire.tools import ClientTool, UnbuiltTool

__all__ = [
    "blocks",
    "breakpoints",
    "last_control",
    "nested_blocks",
    "offered_tools",
    "inner_blocks",
    "prefill",
    "sources",
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
    """Every block inside a tool's result or a document, and what is inside those, with paths."""
    for path, _, block in blocks(request):
        yield from _inside(path, block)


def sources(
    request: CountTokensRequest,
) -> Iterator[tuple[str, ImageBlockParam | DocumentBlockParam | SearchResultBlockParam]]:
    """Every image, document and search result, wherever it is, in order; paths name no types.

    The paths are those that the API names images by in errors (SDK: ImageDimensionsTooLargeError).
    """
    for path, _, block in blocks(request):
        yield from _sources(path, block)


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
        yield from ((inner, nested.cache_control) for inner, nested in _inside(path, block))
        if not isinstance(block, ThinkingBlockParam | RedactedThinkingBlockParam):
            yield path, block.cache_control


def _inside(path: str, block: ContentBlock | ResultBlock) -> Iterator[tuple[str, ResultBlock]]:
    for number, nested in enumerate(inner_blocks(block)):
        inner = f"{path}.{block.type}.content.{number}"
        yield from _inside(inner, nested)
        yield inner, nested


def inner_blocks(block: ContentBlock | ResultBlock) -> Sequence[ResultBlock]:
    """The blocks that a block is made of; most are not."""
    match block:
        case ToolResultBlockParam() | SearchResultBlockParam():
            return block.content
        case DocumentBlockParam(source=ContentSource(content=content)):
            return content
        case _:
            return ()


def _sources(
    path: str, block: ContentBlock | ResultBlock
) -> Iterator[tuple[str, ImageBlockParam | DocumentBlockParam | SearchResultBlockParam]]:
    if isinstance(block, ImageBlockParam | DocumentBlockParam | SearchResultBlockParam):
        yield path, block
    for number, nested in enumerate(inner_blocks(block)):
        yield from _sources(f"{path}.content.{number}", nested)
