"""Reads the text in pictures, by RapidOCR and the models in its wheel. Runs in the worker."""

import os
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image
from rapidocr import RapidOCR

from senryu.documents.facts import UnreadableError
from senryu.documents.layout import Line, lay_out

__all__ = ["MAX_READ_SIDE", "read_text"]

MAX_READ_SIDE = 2000
"""Pixels a side beyond which a picture is scaled down to be read: the library's own bound."""

# The library scales the shorter side up to 736 pixels, so a strip would become gigantic.
_MAX_ASPECT = 8
_MIN_SIDE = 8  # pixels: what is lower holds no text


def read_text(picture: Image.Image) -> str:
    """What is written in a picture of at most ``MAX_READ_SIDE`` a side; empty if nothing is.

    Raises:
        UnreadableError: reading it takes more memory than it may.
    """
    if min(picture.size) < _MIN_SIDE or _is_blank(picture):
        return ""
    pixels = np.asarray(_padded(picture))
    try:
        found: Any = _reader()(pixels[:, :, ::-1])  # as OpenCV has it: blue first
    except Exception:  # noqa: BLE001 three libraries, each with its own for want of memory
        raise UnreadableError("reading the image takes too much memory; scale it down") from None
    if found.boxes is None or found.txts is None:
        return ""
    return lay_out([_line(text, box) for text, box in zip(found.txts, found.boxes, strict=True)])


@lru_cache(maxsize=1)
def _reader() -> RapidOCR:
    """The models, loaded once; half of the cores are left to the engine."""
    threads = max(1, (os.cpu_count() or 2) // 2)
    engine = "EngineConfig.onnxruntime."
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            engine + "intra_op_num_threads": threads,
            engine + "inter_op_num_threads": 1,
        }
    )


def _is_blank(picture: Image.Image) -> bool:
    """Whether all pixels have one colour."""
    colours: Any = picture.getextrema()
    return all(least == most for least, most in colours)


def _padded(picture: Image.Image) -> Image.Image:
    width, height = picture.size
    least = -(-max(width, height) // _MAX_ASPECT)
    if min(width, height) >= least:
        return picture
    wide = Image.new("RGB", (max(width, least), max(height, least)), "white")
    wide.paste(picture, (0, 0))
    return wide


def _line(text: str, box: Any) -> Line:
    """A line and the upright box around the one that was found, which may be slanted."""
    (left, top), (right, bottom) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
    return Line(text.strip(), left, top, right, bottom)
