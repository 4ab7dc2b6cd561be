"""Rules of images, documents and search results."""

from senryu.messages.caller import Caller
from senryu.messages.citable import cites
from senryu.messages.walk import blocks, sources
from senryu.wire.blocks import DocumentBlockParam, ImageBlockParam, SearchResultBlockParam
from senryu.wire.requests import CountTokensRequest

__all__ = [
    "citations_are_for_all",
    "no_citations_in_a_format",
    "sources_are_users",
]


def sources_are_users(request: CountTokensRequest, caller: Caller) -> str | None:
    """Only users show images and search results."""
    for path, role, block in blocks(request):
        if role != "user" and isinstance(block, ImageBlockParam | SearchResultBlockParam):
            return f"{path}: `{block.type}` blocks are only allowed in user messages"
    return None


def citations_are_for_all(request: CountTokensRequest, caller: Caller) -> str | None:
    """Of the documents all may be cited or none; likewise of the search results."""
    for kind in (DocumentBlockParam, SearchResultBlockParam):
        found = [(path, block) for path, block in sources(request) if isinstance(block, kind)]
        for path, block in found:
            if cites(block) is not cites(found[0][1]):
                return (
                    f"{path}.{block.type}.citations: citations must be enabled for all or for"
                    f" none of the `{block.type}` blocks of a request"
                )
    return None


def no_citations_in_a_format(request: CountTokensRequest, caller: Caller) -> str | None:
    """Text that is cited and JSON of a schema exclude each other."""
    if request.output_schema is None:
        return None
    for path, block in sources(request):
        if not isinstance(block, ImageBlockParam) and cites(block):
            return (
                f"{path}.{block.type}.citations: citations cannot be enabled together with an"
                " output format"
            )
    return None
