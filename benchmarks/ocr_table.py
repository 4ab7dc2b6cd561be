"""How much of the text in pictures comes through, by what they show and by language.

Usage: python -m benchmarks.ocr_table [--seed 1] [--output FILE]

Six kinds of picture are drawn in eight languages (`ocr_pictures.py`) and read as a server reads
them. A figure is the share of the drawn characters that come through, in percent, as
`ocr_measure.py` counts them. The fonts are those of Debian's `fonts-noto-core` and
`fonts-noto-cjk`; a language without a font is left out.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.ocr_fonts import font_name
from benchmarks.ocr_measure import Comparison, compare
from benchmarks.ocr_pictures import KINDS, LANGUAGES, draw
from senryu.documents.reader import Reader
from senryu.documents.tesseract import find_tesseract

__all__ = ["Result", "render"]

_GOALS = dict.fromkeys(("en", "fr", "es", "zh", "ja"), 97) | dict.fromkeys(("ar", "ko", "hi"), 85)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one picture.

    Arguments:
        comparison: of what was drawn and what was read.
        seconds: that reading took, the models being loaded.
    """

    comparison: Comparison
    seconds: float


_Results = Mapping[tuple[str, str], Result]


async def _measure(languages: Sequence[str], seed: int) -> _Results:
    """Results by kind and language."""
    reader = Reader()
    results: dict[tuple[str, str], Result] = {}
    await reader.read_image(draw("slide", languages[0], seed + 1).file, workspace="")
    for language in languages:
        for kind in KINDS:
            drawing = draw(kind, language, seed)
            begin = time.perf_counter()
            read = await reader.read_image(drawing.file, workspace="")
            seconds = time.perf_counter() - begin
            results[kind, language] = Result(compare(drawing.lines, read), seconds)
            print(f"{language}, {kind}: {seconds:.1f} s", file=sys.stderr)
    return results


def render(results: _Results) -> str:
    """A table in Markdown: kinds of picture by languages."""
    kinds, languages = (list(dict.fromkeys(names)) for names in zip(*results, strict=True))
    columns = [[results[kind, language] for kind in kinds] for language in languages]
    rows = [
        ["", *languages],
        ["---"] * (len(languages) + 1),
        *([kind, *(_share([results[kind, name]]) for name in languages)] for kind in kinds),
        ["all of them", *map(_share, columns)],
        ["goal", *(str(_GOALS[language]) for language in languages)],
        ["read but not drawn", *map(_added, columns)],
        ["seconds a picture", *map(_seconds, columns)],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}"


def _share(results: Sequence[Result]) -> str:
    through = sum(result.comparison.through for result in results)
    return _percent(through, sum(result.comparison.drawn for result in results))


def _added(results: Sequence[Result]) -> str:
    added = sum(result.comparison.added for result in results)
    return _percent(added, sum(result.comparison.drawn for result in results))


def _seconds(results: Sequence[Result]) -> str:
    return f"{sum(result.seconds for result in results) / len(results):.1f}"


def _page(results: _Results, seed: int) -> Iterator[str]:
    tesseract = find_tesseract()
    yield "# Text in pictures, read\n"
    yield f"Command: `python -m benchmarks.ocr_table --seed {seed}`. The share of the drawn"
    yield "characters that come through, in percent; what exactly is counted says"
    yield "[../README.md](../README.md).\n"
    yield render(results)
    yield f"\n- RapidOCR {version('rapidocr')} with the models in its package"
    if tesseract is None:
        yield "- no tesseract"
    else:
        yield f"- {tesseract.version} with {', '.join(tesseract.languages)}"
    fonts = {language: font_name(language) for language in LANGUAGES}
    yield f"- fonts: {', '.join(f'{name} ({language})' for language, name in fonts.items())}"


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr_table", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (default 1)")
    parser.add_argument("--output", type=Path, help="a file to write the page to as well")
    options = parser.parse_args(arguments)
    languages = [language for language in LANGUAGES if font_name(language)]
    page = "\n".join(_page(asyncio.run(_measure(languages, options.seed)), options.seed))
    print(page)
    if options.output is not None:
        options.output.write_text(page + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
