"""What is known of a file once it was looked at, and that it cannot be read."""

from dataclasses import dataclass
from typing import Final

__all__ = ["MAX_SIDE", "READ_SCRIPTS", "ImageFacts", "Page", "UnreadableError"]

MAX_SIDE: Final = 8000
"""Pixels that a side of an image may have (API: vision, limits)."""

READ_SCRIPTS: Final = ("Latin", "Chinese", "Japanese")
"""What the models in RapidOCR's package were seen to read; Korean, Arabic and Hindi they do not."""


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
