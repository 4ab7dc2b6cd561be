"""PDF files to the texts of their pages. Runs in the worker."""

# The library has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

from collections.abc import Iterator

import pypdfium2 as pdfium
from PIL import Image

from senryu.documents.facts import UnreadableError
from senryu.documents.ocr import MAX_READ_SIDE, read_text

__all__ = ["read_pages"]

_PASSWORD = "password"  # what the library's message says of an encrypted file
_MAX_CHARACTERS = 10_000_000  # of all pages together: far beyond any window


def read_pages(data: bytes, max_pages: int) -> tuple[str, ...]:
    """The text of each page; a page without any is rendered and read.

    Raises:
        UnreadableError: it is no PDF, broken, encrypted, or has too many pages.
    """
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if _PASSWORD in str(error).lower():
            raise UnreadableError("the PDF is encrypted; send it without a password") from None
        raise UnreadableError("the PDF is broken, or no PDF") from None
    try:
        if len(document) > max_pages:
            raise UnreadableError(
                f"the PDF has {len(document)} pages; at most {max_pages} are read: split it"
            )
        if not len(document):
            raise UnreadableError("the PDF has no pages")
        return tuple(_bounded(_text(page) for page in _pages(document)))
    except pdfium.PdfiumError:
        raise UnreadableError("the PDF is broken: a page of it cannot be read") from None
    finally:
        document.close()


def _pages(document: pdfium.PdfDocument) -> Iterator[pdfium.PdfPage]:
    for number in range(len(document)):
        page = document[number]
        try:
            yield page
        finally:
            page.close()


def _bounded(texts: Iterator[str]) -> Iterator[str]:
    left = _MAX_CHARACTERS
    for text in texts:
        left -= len(text)
        if left < 0:
            raise UnreadableError(f"the PDF has more than {_MAX_CHARACTERS} characters")
        yield text


def _text(page: pdfium.PdfPage) -> str:
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_bounded()
    finally:
        text_page.close()
    lines = (line.rstrip() for line in text.replace("\0", "").splitlines())
    return "\n".join(lines).strip() or read_text(_picture(page))


def _picture(page: pdfium.PdfPage) -> Image.Image:
    longer = max(page.get_size())
    bitmap = page.render(scale=MAX_READ_SIDE / max(longer, 1.0))
    return bitmap.to_pil().convert("RGB")
