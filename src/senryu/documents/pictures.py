"""Image files to pixels: upright, in 8-bit RGB, on white. Runs in the worker."""

import io
import math
from collections.abc import Callable
from typing import TypeVar

from PIL import Image, ImageOps

from senryu.documents.facts import MAX_SIDE, ImageFacts, UnreadableError

__all__ = ["decode", "encoded", "examine", "fitted", "padded"]

_T = TypeVar("_T")

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_MEDIA_TYPES = {name: media_type for media_type, name in _FORMATS.items()}
_PNG_BIT_DEPTH_AT = 24  # PNG, section 11.2.1: behind signature, length, type, width and height
_WIDE_MODES = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
# What Pillow raises for broken files; it does not say so in one place.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError)


def examine(data: bytes, media_type: str | None) -> ImageFacts:
    """Check that a file is an image that can be read to its end.

    Of one with more than ``MAX_SIDE`` pixels a side only the size is looked at.

    Arguments:
        data: the file.
        media_type: what it is said to be; None if nobody said.

    Raises:
        UnreadableError: it is not.
    """
    image = _opened(data)
    found = _MEDIA_TYPES[image.format or ""]
    if media_type not in (None, found):
        raise UnreadableError(
            f"the image does not match the media type {media_type}: it is {found}"
        )
    if max(image.size) <= MAX_SIDE:
        image = decode(data)
    return ImageFacts(image.width, image.height)


def decode(data: bytes) -> Image.Image:
    """The pixels of an image; of an animated one, the first frame.

    Raises:
        UnreadableError: it is none of the formats that are read, or broken, or too large.
    """
    image = _opened(data)
    if max(image.size) > MAX_SIDE:
        raise UnreadableError(f"the image has more than {MAX_SIDE} pixels a side; scale it down")
    if image.mode == "CMYK":
        raise UnreadableError("the image is in CMYK; convert it to RGB")
    if image.mode in _WIDE_MODES or (image.format == "PNG" and data[_PNG_BIT_DEPTH_AT] == 16):
        raise UnreadableError("the image has more than 8 bits a channel; convert it to 8 bits")
    _guarded(image.load)
    _guarded(lambda: ImageOps.exif_transpose(image, in_place=True))
    return _on_white(image)


def _opened(data: bytes) -> Image.Image:
    return _guarded(lambda: Image.open(io.BytesIO(data), formats=tuple(_MEDIA_TYPES)))


def fitted(image: Image.Image, max_side: int) -> Image.Image:
    """The image, scaled down if a side is longer than ``max_side`` pixels."""
    if max(image.size) <= max_side:
        return image
    return ImageOps.contain(image, (max_side, max_side), Image.Resampling.LANCZOS)


def padded(image: Image.Image, width: int, height: int) -> Image.Image:
    """The image on a sheet of this size: its longer side as long, and white where none of it is."""
    scale = max(width, height) / max(image.size)
    inner = min(width, math.ceil(image.width * scale)), min(height, math.ceil(image.height * scale))
    shown = image.resize(inner, Image.Resampling.LANCZOS)
    if inner == (width, height):
        return shown
    sheet = Image.new("RGB", (width, height), "white")
    sheet.paste(shown)
    return sheet


def encoded(image: Image.Image) -> bytes:
    """The image as a PNG file, without anything but its pixels."""
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _guarded(step: Callable[[], _T]) -> _T:
    try:
        return step()
    except Image.DecompressionBombError:
        raise UnreadableError("the image has too many pixels; scale it down") from None
    except _BROKEN:
        raise UnreadableError("the image is broken, or not a JPEG, PNG, GIF or WebP file") from None


def _on_white(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
