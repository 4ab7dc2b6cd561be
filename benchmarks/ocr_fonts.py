"""Fonts to draw the languages of the table of reading with: found on this machine.

Debian's packages `fonts-noto-core` and `fonts-noto-cjk` have all of them; matplotlib has what
Latin script takes.
"""

# matplotlib is only where `make bench` was.
# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownArgumentType=false

import functools
from collections.abc import Iterator
from pathlib import Path

import matplotlib
from PIL import ImageFont

__all__ = ["font", "font_name"]

_LATIN = (("NotoSans-Regular.ttf", 0), ("DejaVuSans.ttf", 0))
_CJK = "NotoSansCJK-Regular.ttc"
_FILES = {
    "en": _LATIN,
    "fr": _LATIN,
    "es": _LATIN,
    "ar": (("NotoSansArabic-Regular.ttf", 0), ("DejaVuSans.ttf", 0)),
    "zh": ((_CJK, 2), ("NotoSansCJKsc-Regular.otf", 0)),
    "ja": ((_CJK, 0), ("ipaexg.ttf", 0)),
    "ko": ((_CJK, 1), ("NanumGothic.ttf", 0)),
    "hi": (("NotoSansDevanagari-Regular.ttf", 0),),
}
"""By language, the first choice first: the file, and the number of the face in it."""


def _folders() -> Iterator[Path]:
    yield from (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
    yield Path.home() / ".local/share/fonts"
    yield Path(matplotlib.get_data_path()) / "fonts"


@functools.cache
def _found() -> dict[str, Path]:
    files = (file for folder in _folders() for file in sorted(folder.rglob("*.[to]t[cf]")))
    return {file.name: file for file in files}


def font_name(language: str) -> str | None:
    """The file of the font for a language; None if there is none."""
    return next((name for name, _ in _FILES[language] if name in _found()), None)


@functools.cache
def font(language: str, size: int) -> ImageFont.FreeTypeFont:
    """The font for a language that has one.

    Arguments:
        language: its code.
        size: in pixels.
    """
    name, face = next(choice for choice in _FILES[language] if choice[0] in _found())
    return ImageFont.truetype(_found()[name], size, face)
