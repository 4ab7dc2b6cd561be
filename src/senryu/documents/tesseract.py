"""Tesseract, a program that may be installed: reads scripts that RapidOCR's models do not.

It is told apart by language, which its own packages bring (``tesseract-ocr-kor`` on Debian), and
reads pictures of one line each. Whatever it does, it does as a child that ends with this process.
"""

import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from senryu.documents import child

__all__ = ["SCRIPTS", "Reading", "Tesseract", "find_tesseract"]

SCRIPTS: Final[Mapping[str, str]] = {"ara": "Arabic", "hin": "Devanagari", "kor": "Hangul"}
"""What it is asked to read: its name of a language, and Unicode's of the script."""

_ASK_TIMEOUT_S: Final = 10
_ONE_LINE = "7"  # page segmentation mode
_CELLS = 12  # of a row of its table
_LEVEL, _PAGE, _CONFIDENCE, _TEXT = 0, 1, 10, 11  # places in a row
_WORD = "5"  # a level
_DIRECTION_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a line was read as.

    Arguments:
        text: without marks of direction.
        confidence: from 0 to 1, of its characters on average.
    """

    text: str
    confidence: float


@dataclass(slots=True)
class _Page:
    """What was found on a page so far: its text, and of its words how long they are together."""

    text: str = ""
    size: int = 0
    sum: float = 0.0

    def reading(self) -> Reading:
        """All of it; its confidence weighs words by their length."""
        text = " ".join(self.text.translate(_DIRECTION_MARKS).split())
        return Reading(text, self.sum / self.size)


@dataclass(frozen=True, slots=True)
class Tesseract:
    """An installed tesseract.

    Arguments:
        program: its path.
        version: what it calls itself.
        languages: those of ``SCRIPTS`` that are installed.
    """

    program: str
    version: str
    languages: tuple[str, ...]

    def read(self, pages: bytes, language: str, timeout_s: float) -> dict[int, Reading]:
        """Read pictures of a line each.

        A reading without any character of the language's script counts as none: it is what
        becomes of other scripts, and figures alone are read better elsewhere.

        Arguments:
            pages: the pictures, as the pages of one TIFF file.
            language: one of ``languages``.
            timeout_s: after which it is given up.

        Returns:
            Readings by page, the first of which is 1; none if it fails, or takes too long.
        """
        command = (self.program, "stdin", "stdout", "-l", language, "--psm", _ONE_LINE)
        readings = _parsed(_run(*command, "txt", "tsv", given=pages, timeout_s=timeout_s))
        script = SCRIPTS[language].upper()
        return {page: reading for page, reading in readings.items() if _has(script, reading.text)}


@lru_cache(maxsize=1)
def find_tesseract() -> Tesseract | None:
    """Tesseract as it is installed; None if it is not, or none of ``SCRIPTS`` is."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    listed = _run(program, "--list-langs", timeout_s=_ASK_TIMEOUT_S).split()
    languages = tuple(language for language in SCRIPTS if language in listed)
    if not languages:
        return None
    version = _run(program, "--version", timeout_s=_ASK_TIMEOUT_S).split("\n")[0]
    return Tesseract(program, version, languages)


def _run(*command: str, given: bytes = b"", timeout_s: float) -> str:
    """What a program prints; nothing if it fails."""
    bounded = (sys.executable, "-I", "-S", child.__file__, str(os.getpid()), *command)
    # More threads than one are slower on pictures this small.
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(
            bounded,
            input=given,
            capture_output=True,
            timeout=timeout_s,
            check=True,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


def _parsed(output: str) -> dict[int, Reading]:
    """Its output by page: for each, rows of a table with a word each, and then the text.

    The table has the confidence, and the text the spaces: the table cuts Korean into syllables.
    A page on which it finds nothing has no rows.
    """
    pages: dict[int, _Page] = {}
    page = _Page()
    for line in output.split("\n"):
        cells = line.split("\t")
        if len(cells) != _CELLS:
            page.text += f" {line}"
        elif cells[_LEVEL] == _WORD:
            page = pages.setdefault(int(cells[_PAGE]), _Page())
            size = len(cells[_TEXT].strip())
            page.size += size
            page.sum += size * float(cells[_CONFIDENCE]) / 100
    return {number: page.reading() for number, page in pages.items() if page.size}


def _has(script: str, text: str) -> bool:
    return any(unicodedata.name(character, "").startswith(script) for character in text)
