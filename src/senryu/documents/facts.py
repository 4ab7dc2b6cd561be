"""What is known of a file before and after it was looked at, and that it cannot be read."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "MAX_SIDE",
    "READ_SCRIPTS",
    "ImageFacts",
    "Kind",
    "Page",
    "UnreadableError",
    "kind_of",
]

Kind = Literal["pdf", "office", "html", "text"]
"""What a document can be read as."""

MAX_SIDE: Final = 8000
"""Pixels that a side of an image may have (API: vision, limits)."""

READ_SCRIPTS: Final = ("Latin", "Chinese", "Japanese")
"""What the models in RapidOCR's package were seen to read; ``tesseract.py`` has others."""


_PDF: Final = "application/pdf"
_HTML: Final = ("text/html", "application/xhtml+xml")
_TEXTS: Final = ("text/", "application/json", "application/xml", "application/yaml")
_OFFICE: Final = (
    "application/vnd.openxmlformats-officedocument.",
    "application/vnd.ms-",
    "application/msword",
)
_PDF_BEGINS: Final = b"%PDF-"
_OFFICE_BEGINS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")  # ZIP, OLE


class UnreadableError(Exception):
    """A file that cannot be read as what it is said to be; the message is for the client."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """A whole image, as it is to be looked at.

    Arguments:
        width: pixels, with the orientation that the file asks for.
        height: pixels, likewise.
    """

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a PDF.

    Arguments:
        text: what it says.
        facts: its size where its longer side has ``MAX_SIDE`` pixels.
    """

    text: str
    facts: ImageFacts


def kind_of(data: bytes, media_type: str) -> Kind | None:
    """What to read a document as; None if it is nothing that can be read.

    Its first bytes tell, for files are uploaded by any type; what has no such bytes is what it is
    said to be.
    """
    if media_type == _PDF or data.startswith(_PDF_BEGINS):
        return "pdf"
    if data.startswith(_OFFICE_BEGINS) or media_type.startswith(_OFFICE):
        return "office"
    if media_type.startswith(_HTML):
        return "html"
    return "text" if media_type.startswith(_TEXTS) else None
