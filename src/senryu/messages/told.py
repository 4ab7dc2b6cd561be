"""What a model is told of images, documents, search results and what tools said: text. Pure.

Each stands between brackets that say what it is, so that a model can tell a source from a request.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from senryu.core import Part, Passage, Picture
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

_END_OF_DOCUMENT = "[End of the document]"


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

    def parts(
        self, block: ImageBlockParam | DocumentBlockParam | SearchResultBlockParam
    ) -> list[Part]:
        """A source as it is told outside of a result: pictures behind the text, page by page."""
        parts: list[Passage | Picture]
        if isinstance(block, DocumentBlockParam) and self.attachments.shown_pages(block.source):
            parts = [*self._pages(block)]
        elif isinstance(block, ImageBlockParam) and block.source in self.attachments.pictures:
            parts = [*self.pictures(block)]
        else:
            parts = [Passage(self.text(block)), *self.pictures(block)]
        *inner, last = parts
        ended = replace(last, lifetime_s=lifetime_within(block))
        return [*(replace(part, lifetime_s=None, goes_on=True) for part in inner), ended]

    def pictures(self, block: ContentBlock | ResultBlock) -> list[Picture]:
        """What a model that sees is shown of a block, and of those inside it."""
        lifetime = lifetime_s(block.cache_control)
        if isinstance(block, ImageBlockParam) and block.source in self.attachments.pictures:
            return [Picture(self.attachments.pictures[block.source], lifetime)]
        if isinstance(block, DocumentBlockParam) and (
            pages := self.attachments.shown_pages(block.source)
        ):
            return [*map(Picture, pages[:-1]), Picture(pages[-1], lifetime)]
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
        texts = self._texts(block)
        if self.attachments.shown_pages(block.source):
            texts = [f"{text}\n[This page is shown below]" for text in texts]
        return "\n".join(filter(None, (_head(block), _paragraphs(texts), _END_OF_DOCUMENT)))

    def _pages(self, block: DocumentBlockParam) -> Iterator[Passage | Picture]:
        """A PDF whose pages are shown: each as its text and its picture."""
        first, *others = self._texts(block)
        texts = [f"{_head(block)}\n{first}", *others]
        for text, page in zip(texts, self.attachments.shown_pages(block.source), strict=True):
            yield Passage(text)
            yield Picture(page)
        yield Passage(_END_OF_DOCUMENT)

    def _search_result(self, block: SearchResultBlockParam) -> str:
        head = f"[Search result: {block.title}]\n{block.source}"
        texts = _paragraphs(self._texts(block))
        return "\n".join([head, texts, "[End of the search result]"])

    def _texts(self, block: DocumentBlockParam | SearchResultBlockParam) -> list[str]:
        """A source's texts, each with references to its parts if it may be cited."""
        texts = self.attachments.texts(block.source)
        if texts is None:
            texts = tuple(map(self.text, inner_blocks(block)))
        marked = self.citable.marked(block)
        told = [marked.get(place, text) for place, text in enumerate(texts)]
        if self.attachments.has_pages(block.source):
            pages = enumerate(told, start=1)
            told = [f"[Page {number}]\n{text}".rstrip("\n") for number, text in pages]
        return told


def lifetime_within(block: ContentBlock) -> int | None:
    """How long the prompt up to a block's end should be kept: as it asks, or any block in it."""
    return max(_lifetimes_s(block)) or None


def _lifetimes_s(block: ContentBlock | ResultBlock) -> Iterator[int]:
    yield lifetime_s(block.cache_control) or 0
    for inner in inner_blocks(block):
        yield from _lifetimes_s(inner)


def _head(block: DocumentBlockParam) -> str:
    head = f"[Document: {block.title}]" if block.title else "[Document]"
    return f"{head}\n{block.context}" if block.context else head


def _paragraphs(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)
