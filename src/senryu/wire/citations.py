"""Citations in replies: where in a source a text stands, and the text. Shapes follow the SDK's."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import WireModel

__all__ = [
    "CharLocation",
    "Citation",
    "ContentBlockLocation",
    "PageLocation",
    "SearchResultLocation",
]


class CharLocation(WireModel):
    """Characters of a text document, the end excluded."""

    type: Literal["char_location"] = "char_location"
    cited_text: str
    document_index: int
    document_title: str | None
    start_char_index: int
    end_char_index: int
    file_id: str | None = None


class PageLocation(WireModel):
    """Pages of a PDF, counted from 1, the end excluded."""

    type: Literal["page_location"] = "page_location"
    cited_text: str
    document_index: int
    document_title: str | None
    start_page_number: int
    end_page_number: int
    file_id: str | None = None


class ContentBlockLocation(WireModel):
    """Blocks of a document that is made of blocks, the end excluded."""

    type: Literal["content_block_location"] = "content_block_location"
    cited_text: str
    document_index: int
    document_title: str | None
    start_block_index: int
    end_block_index: int
    file_id: str | None = None


class SearchResultLocation(WireModel):
    """Blocks of a search result, the end excluded."""

    type: Literal["search_result_location"] = "search_result_location"
    cited_text: str
    search_result_index: int
    source: str
    title: str | None
    start_block_index: int
    end_block_index: int


Citation = Annotated[
    CharLocation | PageLocation | ContentBlockLocation | SearchResultLocation,
    Field(discriminator="type"),
]
