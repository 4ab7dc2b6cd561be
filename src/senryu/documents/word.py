"""Word files to Markdown, by way of HTML. Runs in the worker."""

# The library has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import re
from collections.abc import Iterator
from typing import IO, Any

import mammoth
import mammoth.html

from senryu.documents.markup import to_markdown

__all__ = ["read_word"]

_STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => h2:fresh"
# Links between a note and where it is referred to, as the library writes them.
_BACK_LINK = re.compile(r' ?<a href="#(?:foot|end)note-ref-[^"]*">↑</a>')
_NOTE_LINK = re.compile(r'<a href="#(?:foot|end)note-[^"]*"[^>]*>(\[\d+\])</a>')


def read_word(file: IO[bytes]) -> Iterator[str]:
    """What a document says, with its headings, lists, tables, links and notes."""
    found: Any = mammoth.convert_to_html(
        file, style_map=_STYLES, include_embedded_style_map=False, convert_image=_said_of_image
    )
    html: str = found.value
    yield to_markdown(_NOTE_LINK.sub(r"\1", _BACK_LINK.sub("", html)))


def _said_of_image(image: Any) -> list[Any]:
    return [mammoth.html.text(f"[Image: {image.alt_text}]" if image.alt_text else "[Image]")]
