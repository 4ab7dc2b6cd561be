"""Reads the text in pictures: where lines are, and what they say. Runs in the worker.

RapidOCR, with the models in its wheel, finds lines in any script and reads Latin, Chinese and
Japanese. Tesseract, where it is installed, reads lines of its scripts that RapidOCR could not.
"""

import io
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rapidocr import RapidOCR
from rapidocr.utils.process_img import get_rotate_crop_image

from senryu.documents.facts import UnreadableError
from senryu.documents.layout import Line, lay_out
from senryu.documents.tesseract import Tesseract, find_tesseract

__all__ = ["MAX_READ_SIDE", "read_text"]

MAX_READ_SIDE = 2000
"""Pixels a side beyond which a picture is scaled down to be read: the library's own bound."""

# The library scales the shorter side up to 736 pixels, so a strip would become gigantic.
_MAX_ASPECT = 8
_MIN_SIDE = 8  # pixels: what is lower holds no text
_UPRIGHT_ASPECT = 1.5  # the library lays what is higher than this on its side
_MIN_LINE_SIDE = 2  # pixels: what is left of a line beyond the edge of the picture

# Scores are what a recogniser thinks of its own reading, from 0 to 1. On drawings, right readings
# of RapidOCR have 0.95 or more with few exceptions, and those of scripts that it does not know up
# to 0.93; tesseract's right ones have 0.76 or more, and its readings of other scripts up to 0.66.
_SURE = 0.95
_UNREAD = 0.8
_LEAST_SCORE = 0.5
_LEAST_CONFIDENCE = 0.7
_LEAST_ASPECT = 1.3  # bullets and arrowheads are no words
_OTHERS_TIMEOUT_S = 30  # for a picture; a dense page takes about three
_SAMPLE = 4  # lines to find out by which languages an image has
_LINE_PIXELS = 36  # the height at which tesseract reads best, margins included
_MARGIN_PIXELS = 10
_MAX_LINE_ASPECT = 60

_Pixels = NDArray[np.uint8]


@dataclass(slots=True)
class _Found:
    """A line that was found.

    Arguments:
        box: its four corners; it may be slanted.
        pixels: the line by itself, as OpenCV has it: blue first.
        text: the best reading so far.
        score: of this reading.
    """

    box: Any
    pixels: _Pixels
    text: str = ""
    score: float = 0.0


def read_text(picture: Image.Image) -> str:
    """What is written in a picture of at most ``MAX_READ_SIDE`` a side; empty if nothing is.

    Raises:
        UnreadableError: reading it takes more memory than it may.
    """
    if min(picture.size) < _MIN_SIDE or _is_blank(picture):
        return ""
    try:
        found = _find(np.asarray(_padded(picture))[:, :, ::-1])
        _recognise(found, turned=False)
        _read_others(found)
        _recognise([line for line in found if line.score < _UNREAD], turned=True)
    except Exception:  # noqa: BLE001 three libraries, each with its own for want of memory
        raise UnreadableError("reading the image takes too much memory; scale it down") from None
    return lay_out([_line(line) for line in found if line.text and line.score >= _LEAST_SCORE])


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


def _find(pixels: _Pixels) -> list[_Found]:
    """The lines of a picture, none of them read."""
    found: Any = _reader()(pixels, use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return []
    boxes = (box.astype(np.float32) for box in found.boxes)
    return [_cut(pixels, box) for box in boxes if _sides(box).min() >= _MIN_LINE_SIDE]


def _sides(box: Any) -> Any:
    """How long the four sides of a box are."""
    return np.linalg.norm(box - np.roll(box, 1, axis=0), axis=1)


def _cut(pixels: _Pixels, box: Any) -> _Found:
    line = get_rotate_crop_image(pixels, box)
    width, height = np.ptp(box, axis=0)
    if height >= _UPRIGHT_ASPECT * width:  # it was laid to the left: text mostly runs upwards
        line = line[::-1, ::-1]
    return _Found(box, line)


def _recognise(lines: Sequence[_Found], *, turned: bool) -> None:
    """Let RapidOCR read lines, upright or upside down; what is upside down has to be sure.

    It has a model that tells what is upside down, but that is wrong more often than its reader is
    sure of what it reads the wrong way.
    """
    if not lines:
        return
    pictures = [line.pixels[::-1, ::-1] if turned else line.pixels for line in lines]
    read: Any = _reader().recognize_txt(pictures)
    for line, text, score in zip(lines, read.txts, read.scores, strict=True):
        if text.strip() and score >= (_SURE if turned else 0):
            line.text, line.score = text.strip(), score


def _read_others(found: Sequence[_Found]) -> None:
    """Let tesseract read the lines that RapidOCR could not, if there are any."""
    tesseract = find_tesseract()
    unread = [line for line in found if _is_unread(line)]
    if tesseract is None or not unread:
        return
    deadline = time.monotonic() + _OTHERS_TIMEOUT_S
    for language in _languages(tesseract, unread, deadline):
        left = [line for line in found if line.score < _SURE]
        if not left:
            return
        readings = tesseract.read(_pages(left), language, deadline - time.monotonic())
        for page, reading in readings.items():
            line = left[page - 1]
            if reading.confidence >= max(_LEAST_CONFIDENCE, line.score):
                line.text, line.score = reading.text, 1.0


def _languages(tesseract: Tesseract, unread: Sequence[_Found], deadline: float) -> list[str]:
    """The languages in which the longest lines can be read, the surest first."""
    longest = _pages(sorted(unread, key=_aspect, reverse=True)[:_SAMPLE])
    sums: dict[str, float] = {}
    for language in tesseract.languages:
        readings = tesseract.read(longest, language, deadline - time.monotonic()).values()
        sums[language] = sum(r.confidence for r in readings if r.confidence >= _LEAST_CONFIDENCE)
    return sorted(filter(sums.get, sums), key=sums.__getitem__, reverse=True)


def _is_unread(line: _Found) -> bool:
    return line.score < _UNREAD and _aspect(line) >= _LEAST_ASPECT


def _aspect(line: _Found) -> float:
    height, width = line.pixels.shape[:2]
    return width / height


def _pages(lines: Sequence[_Found]) -> bytes:
    """Lines as the pages of a TIFF file: dark on light, of one height."""
    first, *others = map(_page, lines)
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file.getvalue()


def _page(line: _Found) -> Image.Image:
    grey = Image.fromarray(line.pixels[:, :, ::-1]).convert("L")
    edge = np.concatenate([np.asarray(grey)[place] for place in (0, -1)])
    if np.median(edge) < 128:
        grey = ImageOps.invert(grey)
    width = round(grey.width * _LINE_PIXELS / grey.height)
    size = (min(max(width, 1), _MAX_LINE_ASPECT * _LINE_PIXELS), _LINE_PIXELS)
    clear = ImageOps.autocontrast(grey, cutoff=1).resize(size, Image.Resampling.LANCZOS)
    return ImageOps.expand(clear, _MARGIN_PIXELS, 255)


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


def _line(found: _Found) -> Line:
    """A line and the upright box around the one that was found."""
    (left, top), (right, bottom) = found.box.min(axis=0).tolist(), found.box.max(axis=0).tolist()
    return Line(found.text, left, top, right, bottom)
