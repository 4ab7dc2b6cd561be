"""Images and PDFs that tests draw, and the blocks that send them."""

import base64
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

__all__ = ["document", "image", "pdf", "picture", "saved"]


def picture(*lines: str, size: tuple[int, int] = (640, 200)) -> Image.Image:
    """Lines of text, black on white."""
    made = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(24)
    for number, line in enumerate(lines):
        draw.text((20, 20 + 40 * number), line, fill="black", font=font)
    return made


def saved(made: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    made.save(file, kind, **options)
    return file.getvalue()


def pdf(
    *pages: Sequence[str] | Image.Image,
    password: str | None = None,
    size: tuple[int, int] = (595, 842),
) -> bytes:
    """A PDF with lines of text or a drawing on each page.

    Arguments:
        pages: what is on them.
        password: what it is encrypted with.
        size: width and height of the pages in points.
    """
    file = io.BytesIO()
    canvas: Any = Canvas(file, pagesize=size, encrypt=password)  # typed in parts
    for page in pages:
        if isinstance(page, Image.Image):
            canvas.drawImage(ImageReader(page), 0, 0, *size)
        else:
            for number, line in enumerate(page):
                canvas.drawString(72, 740 - 20 * number, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def image(data: bytes, media_type: str = "image/png", **fields: Any) -> dict[str, Any]:
    """The block that sends an image."""
    source = {"type": "base64", "media_type": media_type, "data": _text(data)}
    return {"type": "image", "source": source} | fields


def document(data: bytes, **fields: Any) -> dict[str, Any]:
    """The block that sends a PDF."""
    source = {"type": "base64", "media_type": "application/pdf", "data": _text(data)}
    return {"type": "document", "source": source} | fields


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
