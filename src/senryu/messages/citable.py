"""What a reply may cite: the parts of a request's sources, numbered in the prompt's order. Pure.

A part is a sentence of a text or of a page, or a whole block where the client made the blocks
(API: citations). The model refers to numbers, and a citation is the very text at their place.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from senryu.messages.attachments import Attachments
from senryu.messages.references import reference
from senryu.messages.sentences import spans
from senryu.messages.walk import inner_blocks, sources
from senryu.wire.blocks import DocumentBlockParam, SearchResultBlockParam, TextBlockParam
from senryu.wire.citations import (
    CharLocation,
    Citation,
    ContentBlockLocation,
    PageLocation,
    SearchResultLocation,
)
from senryu.wire.requests import CountTokensRequest
from senryu.wire.sources import FileSource

__all__ = ["Citable", "cites", "number_parts"]

_Source = DocumentBlockParam | SearchResultBlockParam


def cites(block: _Source) -> bool:
    """Whether a source may be cited."""
    return bool(block.citations and block.citations.enabled)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A source whose parts have numbers.

    Arguments:
        block: the source.
        index: its number among those of its kind in the request, from 0.
        texts: its text, its pages, or its blocks; what is no text is empty.
        unit: which of these it is made of.
    """

    block: _Source
    index: int
    texts: Sequence[str]
    unit: Literal["text", "page", "block"]


@dataclass(frozen=True, slots=True)
class _Part:
    """What can be cited: characters of one of a source's texts, the end excluded."""

    source: _Numbered
    text: int
    start: int
    end: int

    @property
    def words(self) -> str:
        """What it says."""
        return self.source.texts[self.text][self.start : self.end]


@dataclass(frozen=True, slots=True)
class Citable:
    """Everything that a reply may cite.

    Arguments:
        parts: the parts; their numbers count from 1.
        numbers: of each source's parts, by the identity of its block.
    """

    parts: tuple[_Part, ...] = ()
    numbers: dict[int, range] = field(default_factory=dict[int, range])

    def marked(self, block: _Source) -> dict[int, str]:
        """A source's texts, by their index, with a reference behind each part.

        It looks as replies are to look, so even a small model that repeats a sentence refers to it.
        """
        texts: dict[int, str] = {}
        end = 0
        for number in self.numbers.get(id(block), ()):
            part = self.parts[number - 1]
            start = end if part.text in texts else 0
            end = part.end
            said = part.source.texts[part.text][start:end] + reference(number)
            texts[part.text] = texts.get(part.text, "") + said
        return texts

    def citations(self, numbers: Iterable[int]) -> list[Citation]:
        """What numbers refer to: one citation for parts that follow one another."""
        runs: list[list[_Part]] = []
        for number in sorted({*numbers}):
            if not 0 < number <= len(self.parts):
                continue
            part = self.parts[number - 1]
            if runs and _follows(runs[-1][-1], part):
                runs[-1].append(part)
            else:
                runs.append([part])
        return [_citation(run[0], run[-1]) for run in runs]


def number_parts(request: CountTokensRequest, attachments: Attachments) -> Citable:
    """The parts of all sources that may be cited."""
    parts: list[_Part] = []
    numbers: dict[int, range] = {}
    counts = {"document": 0, "search_result": 0}
    for _, block in sources(request):
        if block.type == "image":
            continue
        if cites(block):
            source = _numbered(block, counts[block.type], attachments)
            first = len(parts) + 1
            parts += _parts(source)
            numbers[id(block)] = range(first, len(parts) + 1)
        counts[block.type] += 1
    return Citable(tuple(parts), numbers)


def _numbered(block: _Source, index: int, attachments: Attachments) -> _Numbered:
    texts = attachments.texts(block.source)
    if texts is None:
        inner = inner_blocks(block)
        texts = tuple(b.text if isinstance(b, TextBlockParam) else "" for b in inner)
        return _Numbered(block, index, texts, "block")
    has_pages = attachments.has_pages(block.source)
    return _Numbered(block, index, texts, "page" if has_pages else "text")


def _parts(source: _Numbered) -> Iterator[_Part]:
    for number, text in enumerate(source.texts):
        found = [(0, len(text))] if source.unit == "block" else spans(text)
        yield from (_Part(source, number, *span) for span in found if text.strip())


def _follows(one: _Part, other: _Part) -> bool:
    """Whether the two are one run of a source: sentences of one text, or blocks side by side."""
    if one.source is not other.source:
        return False
    if one.source.unit == "block":
        return other.text == one.text + 1
    places = one.source.texts[one.text][one.end : other.start]
    return other.text == one.text and not places.strip()


def _citation(first: _Part, last: _Part) -> Citation:
    source, block = first.source, first.source.block
    if isinstance(block, SearchResultBlockParam):
        return SearchResultLocation(
            cited_text="".join(source.texts[first.text : last.text + 1]),
            search_result_index=source.index,
            source=block.source,
            title=block.title,
            start_block_index=first.text,
            end_block_index=last.text + 1,
        )
    file_id = block.source.file_id if isinstance(block.source, FileSource) else None
    if source.unit == "block":
        return ContentBlockLocation(
            cited_text="".join(source.texts[first.text : last.text + 1]),
            document_index=source.index,
            document_title=block.title,
            start_block_index=first.text,
            end_block_index=last.text + 1,
        )
    cited = source.texts[first.text][first.start : last.end]
    if source.unit == "text":
        return CharLocation(
            cited_text=cited,
            document_index=source.index,
            document_title=block.title,
            start_char_index=first.start,
            end_char_index=last.end,
            file_id=file_id,
        )
    return PageLocation(
        cited_text=cited,
        document_index=source.index,
        document_title=block.title,
        start_page_number=first.text + 1,
        end_page_number=first.text + 2,
        file_id=file_id,
    )
