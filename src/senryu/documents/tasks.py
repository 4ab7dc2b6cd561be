"""What the worker process does. Imported by that process alone: it loads the libraries."""

from senryu.documents.facts import ImageFacts, Page
from senryu.documents.ocr import MAX_READ_SIDE, read_text
from senryu.documents.pdf import draw_pages, read_pages
from senryu.documents.pictures import decode, encoded, examine, fitted, padded

__all__ = ["draw_pdf", "examine_image", "prepare_image", "read_image", "read_pdf"]


def examine_image(data: bytes, media_type: str | None) -> ImageFacts:
    """See ``pictures.examine``."""
    return examine(data, media_type)


def read_image(data: bytes) -> str:
    """What is written in an image; see ``ocr.read_text``."""
    return read_text(fitted(decode(data), MAX_READ_SIDE))


def prepare_image(data: bytes, width: int, height: int) -> bytes:
    """An image as a PNG file of exactly this size; see ``pictures.padded``."""
    return encoded(padded(decode(data), width, height))


def read_pdf(data: bytes, max_pages: int, has_ocr: bool) -> tuple[Page, ...]:
    """See ``pdf.read_pages``."""
    return read_pages(data, max_pages, has_ocr=has_ocr)


def draw_pdf(data: bytes, sizes: tuple[tuple[int, int], ...], max_bytes: int) -> tuple[bytes, ...]:
    """See ``pdf.draw_pages``."""
    return draw_pages(data, sizes, max_bytes)
