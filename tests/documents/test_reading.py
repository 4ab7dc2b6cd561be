"""Pictures to text: which languages come through, with tesseract and without."""

import asyncio
import json
import os
import sys
import unicodedata
from pathlib import Path

import pytest

from benchmarks.ocr_measure import compare
from senryu.documents.reader import Reader
from senryu.documents.tesseract import find_tesseract
from tests.contract.manifest import requirement

# Some that `python -m benchmarks.ocr_pictures` draws, in 16 greys.
PICTURES = Path(__file__).parent / "pictures"
LINES: dict[str, list[str]] = json.loads((PICTURES / "lines.json").read_text(encoding="utf-8"))

TESSERACT = find_tesseract()
READ_HERE = {"ar": "ara", "hi": "hin", "ko": "kor"}
STAND_IN = """\
#!{python}
import io, pathlib, signal, sys
from PIL import Image

if "--list-langs" in sys.argv:
    print("List of available languages in /usr/share (3):\\neng\\nkor\\nosd")
elif "--version" in sys.argv:
    print("tesseract 5.0.0")
else:
    pages = Image.open(io.BytesIO(sys.stdin.buffer.read())).n_frames
    pipe = pathlib.Path(__file__).with_name("pipe")
    if pipe.exists():
        held = pipe.open("w")
        print("held", file=held, flush=True)
        signal.pause()
    print("level", "page_num", *"..........", sep="\\t")
    for page in range(2, pages + 1):
        sure, text = (30, "빈칸") if page == 3 else (91, "합계 \\u200f%d" % page)
        print("1", page, 0, 0, 0, 0, 0, 0, 99, 60, -1, "", sep="\\t")
        for word in text.split():
            print("5", page, 1, 1, 1, 1, 10, 10, 40, 40, sure, word, sep="\\t")
        print("\\f" * (page > 2) + text)
"""


async def read(reader: Reader, name: str) -> str:
    """What a picture says."""
    return await reader.read_image((PICTURES / name).read_bytes(), workspace="a")


def read_all(*names: str) -> dict[str, str]:
    """What pictures say, each read by a worker process that begins now."""

    async def read_each() -> dict[str, str]:
        reader = Reader()
        return {name: await read(reader, name) for name in names}

    return asyncio.run(read_each())


def shares(read: dict[str, str]) -> dict[str, float]:
    """Which part of the characters came through."""
    found = {name: compare(LINES[name], text) for name, text in read.items()}
    return {name: each.through / each.drawn for name, each in found.items()}


def scripts(text: str) -> set[str]:
    """First words of the names of a text's characters, such as HANGUL."""
    return {unicodedata.name(character, "").partition(" ")[0] for character in text}


@requirement("images.languages", "images.scripts")
@pytest.mark.timeout(180)  # six pictures of more than a second each, on a machine that is idle
def test_five_languages_come_through_and_what_is_unread_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    korean, *others = sorted(LINES, key=lambda name: not name.startswith("ko"))
    read = read_all(korean, *(name for name in others if name[:2] not in ("ar", "hi")))
    unread = read.pop(korean)
    assert {name: share for name, share in shares(read).items() if share < 0.97} == {}
    assert "HANGUL" not in scripts(unread)
    assert "mm" in unread


@requirement("images.scripts")
@pytest.mark.skipif(TESSERACT is None, reason="tesseract is not installed with ara, hin or kor")
def test_tesseract_reads_the_languages_that_it_has() -> None:
    assert TESSERACT is not None
    names = [name for name in LINES if READ_HERE.get(name[:2]) in TESSERACT.languages]
    assert {name: share for name, share in shares(read_all(*names)).items() if share < 0.85} == {}


@requirement("images.scripts", "images.hostile")
def test_tesseract_is_given_what_is_unread_and_ends_with_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(STAND_IN.format(python=sys.executable), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    async def scenario() -> tuple[str, str]:
        reader = Reader()
        text = await read(reader, "ko-diagram.webp")
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        given_up = asyncio.create_task(read(reader, "hi-chart.webp"))
        with await asyncio.to_thread(pipe.open) as held:
            assert await asyncio.to_thread(held.readline) == "held\n"  # tesseract is running
            given_up.cancel()
            return text, await asyncio.to_thread(held.read)  # until no process holds it open

    text, said = asyncio.run(scenario())
    assert said == ""
    assert text.index("합계 2") < text.index("합계 8")
    assert "빈칸" not in text
    assert "75.8 mm" in text
