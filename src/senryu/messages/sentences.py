"""Texts to sentences: the smallest parts of a text that a reply can cite. Pure.

It needs no linguistics: a place too many only makes a citation finer. Ends are those of the
languages of the card; scripts that put no space behind a sentence end it with marks of their own.
"""

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["SENTENCE_END", "spans"]

SENTENCE_END: Final = re.compile(
    r"(?<![.!?…؟।])[.!?…؟।]++[\"'”’»)\]]*+(?=\s|$)|[。！？]++[」』”’）]*+|\n++"
)
"""Where a sentence ends; a line's end is one too. Each mark is looked at once."""

_MAX_LENGTH = 600  # characters: what has no end is cut between words


def spans(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text as start and end; they hold all of it but white space."""
    start = 0
    for end in [*(found.end() for found in SENTENCE_END.finditer(text)), len(text)]:
        yield from _trimmed(text, start, end)
        start = max(start, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A span without white space around it, cut where it is too long."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > _MAX_LENGTH:
        space = text.rfind(" ", start + 1, start + _MAX_LENGTH)
        cut = space if space > 0 else start + _MAX_LENGTH
        yield start, cut
        start = cut
        while text[start].isspace():
            start += 1
    if start < end:
        yield start, end
