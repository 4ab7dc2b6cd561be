"""What a model is told of images, documents, search results and what tools said: text. Pure.

Each stands between brackets that say what it is, so that a model can tell a source from a request.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from senryu.core import Picture
from senryu.messages.attachments import Attachments
from senryu.messages.cache_control import lifetime_s
from senryu.messages.citable import Citable
from senryu.messages.tools import Offer, introduction
from senryu.messages.walk import inner_blocks
from senryu.wire.blocks import (
    ContentBlock,
    DocumentBlockParam,
    ImageBlockParam,
    ResultBlock,
    SearchResultBlockParam,
    TextBlockParam,
    ToolReferenceBlockParam,
    ToolResultBlockParam,
)

__all__ = ["Told", "lifetime_within"]


@dataclass(frozen=True, slots=True)
class Told:
    """How one request's blocks are told.

    Arguments:
        offer: its tools, to which results may refer.
        attachments: what was read of its files.
        citable: what of its sources the reply may cite.
    """

    offer: Offer
    attachments: Attachments = Attachments()
    citable: Citable = Citable()

    def text(self, block: ResultBlock | ToolResultBlockParam) -> str:
        """A block's text; empty if it says nothing."""
        match block:
            case TextBlockParam():
                return block.text
            case ImageBlockParam():
                return self._image(block)
            case DocumentBlockParam():
                return self._document(block)
            case SearchResultBlockParam():
                return self._search_result(block)
            case ToolResultBlockParam():
                return _paragraphs(map(self.text, block.content))
            case ToolReferenceBlockParam():
                return introduction(block.tool_name, self.offer.told)
            case _:
                return ""

    def pictures(self, block: ContentBlock | ResultBlock) -> list[Picture]:
        """What a model that sees is shown of a block, and of those inside it."""
        if isinstance(block, ImageBlockParam) and block.source in self.attachments.pictures:
            lifetime = lifetime_s(block.cache_control)
            return [Picture(self.attachments.pictures[block.source], lifetime)]
        return [picture for inner in inner_blocks(block) for picture in self.pictures(inner)]

    def _image(self, block: ImageBlockParam) -> str:
        """What is said of an image in a text; a model that sees is shown it behind that."""
        if block.source in self.attachments.pictures:
            return "[Image, shown below]"
        image = self.attachments.images[block.source]
        size = f"{image.facts.width} x {image.facts.height} pixels"
        if not image.text:
            return f"[Image of {size}, in which no text could be read]"
        return f"[Image of {size}; the text in it:]\n{image.text}\n[End of the image]"

    def _document(self, block: DocumentBlockParam) -> str:
        head = f"[Document: {block.title}]" if block.title else "[Document]"
        said = filter(None, (block.context, self._content(block)))
        return "\n".join([head, *said, "[End of the document]"])

    def _search_result(self, block: SearchResultBlockParam) -> str:
        head = f"[Search result: {block.title}]\n{block.source}"
        return "\n".join([head, self._content(block), "[End of the search result]"])

    def _content(self, block: DocumentBlockParam | SearchResultBlockParam) -> str:
        """A source's texts, each with references to its parts if it may be cited."""
        texts = self.attachments.texts(block.source)
        if texts is None:
            texts = tuple(map(self.text, inner_blocks(block)))
        marked = self.citable.marked(block)
        told = [marked.get(place, text) for place, text in enumerate(texts)]
        if self.attachments.has_pages(block.source):
            told = [f"[Page {number}]\n{text}" for number, text in enumerate(told, start=1)]
        return _paragraphs(told)


def lifetime_within(block: ContentBlock) -> int | None:
    """How long the prompt up to a block's end should be kept: as it asks, or any block in it."""
    return max(_lifetimes_s(block)) or None


def _lifetimes_s(block: ContentBlock | ResultBlock) -> Iterator[int]:
    yield lifetime_s(block.cache_control) or 0
    for inner in inner_blocks(block):
        yield from _lifetimes_s(inner)


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)
