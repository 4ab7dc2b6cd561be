"""What can be cited: a citation is the very text at its place."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from senryu.messages.attachments import Attachments
from senryu.messages.citable import Citable, number_parts
from senryu.wire.blocks import DocumentBlockParam, DocumentSource
from senryu.wire.citations import (
    CharLocation,
    Citation,
    ContentBlockLocation,
    PageLocation,
    SearchResultLocation,
)
from senryu.wire.parse import parse
from senryu.wire.requests import CountTokensRequest
from senryu.wire.sources import Base64PdfSource
from tests.contract.manifest import requirement

TEXTS = st.text("ab. \n!", max_size=40)
CITED = {"citations": {"enabled": True}}
PDF = {"type": "base64", "media_type": "application/pdf"}


def text_source(text: str) -> dict[str, Any]:
    """A document that is a text."""
    return {"type": "text", "media_type": "text/plain", "data": text}


def block(kind: str, source: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[Any]:
    """A citable block."""
    fields = {"type": st.just(kind), "source": source, "title": st.just("T"), **more}
    return st.fixed_dictionaries(fields).map(lambda made: made | CITED)


BLOCKS = st.lists(TEXTS.map(lambda text: {"type": "text", "text": text}), max_size=4)
CONTENT = st.fixed_dictionaries({"type": st.just("content"), "content": BLOCKS})
PAGES = st.lists(TEXTS, min_size=1, max_size=3)
SOURCES = st.lists(
    block("document", TEXTS.map(text_source))
    | block("document", CONTENT)
    | block("document", PAGES.map(lambda pages: PDF | {"data": json.dumps(pages)}))
    | block("search_result", st.just("s"), content=BLOCKS),
    min_size=1,
    max_size=5,
)


def numbered(sources: list[Any]) -> tuple[CountTokensRequest, Citable]:
    """A request with some sources, and what of them can be cited; PDFs hold their pages as JSON."""
    body = {"model": "m", "messages": [{"role": "user", "content": sources}]}
    request = parse(json.dumps(body).encode(), CountTokensRequest, drop_unknown=False).value
    pages: dict[DocumentSource, tuple[str, ...]] = {}
    for given_block in request.messages[0].content:
        if isinstance(given_block, DocumentBlockParam) and isinstance(
            given_block.source, Base64PdfSource
        ):
            pages[given_block.source] = tuple(json.loads(given_block.source.data))
    return request, number_parts(request, Attachments(pages=pages))


def at_its_place(citation: Citation, sources: list[Any]) -> str:
    """What a client finds where a citation points to."""
    if isinstance(citation, SearchResultLocation):
        results = [source for source in sources if source["type"] == "search_result"]
        blocks = results[citation.search_result_index]["content"]
        span = blocks[citation.start_block_index : citation.end_block_index]
        return "".join(each["text"] for each in span)
    documents = [source for source in sources if source["type"] == "document"]
    source = documents[citation.document_index]["source"]
    match citation:
        case CharLocation():
            return source["data"][citation.start_char_index : citation.end_char_index]
        case ContentBlockLocation():
            span = source["content"][citation.start_block_index : citation.end_block_index]
            return "".join(each["text"] for each in span)
        case PageLocation():
            assert citation.end_page_number == citation.start_page_number + 1
            return json.loads(source["data"])[citation.start_page_number - 1]


@requirement("citations.exact")
@given(SOURCES, st.lists(st.integers(-1, 30), max_size=8))
def test_a_citation_is_the_very_text_at_its_place(sources: list[Any], numbers: list[int]) -> None:
    _, citable = numbered(sources)
    for citation in citable.citations(numbers):
        found = at_its_place(citation, sources)
        assert citation.cited_text.strip()
        if isinstance(citation, PageLocation):
            assert citation.cited_text in found
        else:
            assert citation.cited_text == found


@requirement("citations.exact")
@given(SOURCES)
def test_every_number_refers_to_something_and_no_other_does(sources: list[Any]) -> None:
    _, citable = numbered(sources)
    count = len(citable.parts)
    assert all(len(citable.citations([number])) == 1 for number in range(1, count + 1))
    assert citable.citations([0, -1, count + 1]) == []
    numbers = [number for block in citable.numbers.values() for number in block]
    assert numbers == list(range(1, count + 1))


@requirement("citations.parts")
def test_neighbouring_sentences_are_one_citation() -> None:
    text = "One. Two.  Three. Four."
    _, citable = numbered([{"type": "document", "source": text_source(text), **CITED}])
    found = [each.cited_text for each in citable.citations([4, 2, 1])]
    assert found == ["One. Two.", "Four."]


@requirement("citations.parts")
def test_a_text_keeps_its_layout_with_references_in_it() -> None:
    text = "# Colours\n\nGrass is green.  Sky is blue.\n"
    request, citable = numbered([{"type": "document", "source": text_source(text), **CITED}])
    (document,) = request.messages[0].content
    assert isinstance(document, DocumentBlockParam)
    told = "# Colours<cite:1>\n\nGrass is green.<cite:2>  Sky is blue.<cite:3>"
    assert citable.marked(document) == {0: told}
