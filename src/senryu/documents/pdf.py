"""PDF files to the texts and the pictures of their pages. Runs in the worker."""

# The library has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import io
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import pypdfium2 as pdfium
from PIL import Image

from senryu.documents.facts import MAX_SIDE, ImageFacts, Page, UnreadableError
from senryu.documents.guard import check_length
from senryu.documents.ocr import MAX_READ_SIDE, read_text

__all__ = ["draw_pages", "read_pages"]

_PASSWORD = "password"  # what the library's message says of an encrypted file
_QUALITY = 90  # of JPEG: letters stay sharp, and a scanned page takes a fifth of what PNG does


def read_pages(data: bytes, max_pages: int, *, has_ocr: bool) -> tuple[Page, ...]:
    """Each page.

    Arguments:
        data: the file.
        max_pages: how many it may have.
        has_ocr: whether a page without text is rendered and read.

    Raises:
        UnreadableError: it is no PDF, broken, encrypted, or has too many pages.
    """
    with _opened(data) as document:
        if len(document) > max_pages:
            raise UnreadableError(
                f"the PDF has {len(document)} pages; at most {max_pages} are read: split it"
            )
        if not len(document):
            raise UnreadableError("the PDF has no pages")
        pages: list[Page] = []
        num_characters = 0
        for page in _pages(document):
            pages.append(_read(page, has_ocr=has_ocr))
            num_characters += len(pages[-1].text)
            check_length(num_characters)
        return tuple(pages)


def draw_pages(data: bytes, sizes: Sequence[tuple[int, int]], max_bytes: int) -> tuple[bytes, ...]:
    """Each page as a JPEG file, always the same for the same page.

    Arguments:
        data: the file.
        sizes: width and height of the pictures in pixels; a page is as large as fits into its own,
            and the rest is white.
        max_bytes: what all of them may have together.

    Raises:
        UnreadableError: it cannot be drawn, or the pictures have more.
    """
    drawn: list[bytes] = []
    left = max_bytes
    with _opened(data) as document:
        for page, size in zip(_pages(document), sizes, strict=True):
            drawn.append(_drawn(page, size))
            left -= len(drawn[-1])
            if left < 0:
                raise UnreadableError(
                    "the PDF's pages, as they are shown, have more than"
                    f" {max_bytes // 1024 // 1024} MB together; split it"
                )
    return tuple(drawn)


@contextmanager
def _opened(data: bytes) -> Generator[pdfium.PdfDocument]:
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if _PASSWORD in str(error).lower():
            raise UnreadableError("the PDF is encrypted; send it without a password") from None
        raise UnreadableError("the PDF is broken, or no PDF") from None
    try:
        document.init_forms()  # or what is filled in would not be drawn
        yield document
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


def _read(page: pdfium.PdfPage, *, has_ocr: bool) -> Page:
    text = _text(page)
    if not text and has_ocr:
        text = read_text(_picture(page, MAX_READ_SIDE, MAX_READ_SIDE))
    width, height = page.get_size()
    scale = MAX_SIDE / max(width, height)
    return Page(text, ImageFacts(max(1, round(width * scale)), max(1, round(height * scale))))


def _text(page: pdfium.PdfPage) -> str:
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_bounded()
    finally:
        text_page.close()
    lines = (line.rstrip() for line in text.replace("\0", "").splitlines())
    return "\n".join(lines).strip()


def _drawn(page: pdfium.PdfPage, size: tuple[int, int]) -> bytes:
    picture = _picture(page, *size)
    if picture.size != size:
        sheet = Image.new("RGB", size, "white")
        sheet.paste(picture)
        picture = sheet
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY, subsampling=0)
    return file.getvalue()


def _picture(page: pdfium.PdfPage, width: int, height: int) -> Image.Image:
    """A page, as large as fits into so many pixels."""
    points = page.get_size()
    scale = min((width - 0.5) / points[0], (height - 0.5) / points[1])  # it is rounded up
    return page.render(scale=scale).to_pil().convert("RGB")
