"""Pictures with text such as people send them, drawn in eight languages, and what is written there.

Usage: python -m benchmarks.ocr_pictures FOLDER [--seed 1]

It writes all of them into a folder, and `lines.json`, which has the text of each. The same seed
and the same fonts give the same pictures.
"""

# PDFium's library has no types of its own, and matplotlib is only where `make bench` was.
# pyright: reportMissingTypeStubs=false, reportMissingImports=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import argparse
import io
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pypdfium2 as pdfium
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.ocr_fonts import font, font_name

__all__ = ["KINDS", "LANGUAGES", "Drawing", "draw"]

_TEXTS: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "ocr_texts.json").read_text(encoding="utf-8")
)
LANGUAGES: Final = tuple(_TEXTS)
_UNSPACED = frozenset({"zh", "ja"})
_BAR_PIXELS = 3.65  # for each unit of a chart
_PARTS = tuple((200 + 400 * (n % 3), 180 + 220 * (n // 3)) for n in range(8))  # of a diagram


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture and what is written in it.

    Arguments:
        kind: what it shows.
        language: of its text.
        file: as PNG or JPEG.
        lines: each piece of text that was drawn in one place.
    """

    kind: str
    language: str
    file: bytes
    lines: tuple[str, ...]


class _Sheet:
    """A picture on which is written, and what was."""

    def __init__(self, size: tuple[int, int], language: str, paper: str = "white") -> None:
        self.image = Image.new("RGB", size, paper)
        self.language = language
        self.lines: list[str] = []
        self.pen = ImageDraw.Draw(self.image)

    @property
    def rtl(self) -> bool:
        """Whether the language is written from right to left."""
        return self.language == "ar"

    def write(
        self, at: tuple[float, float], text: str, size: int, *, ink: str = "black", anchor: str = ""
    ) -> None:
        """A line of text; ``at`` is where its top begins, on the side where reading begins."""
        self.lines.append(text)
        self.pen.text(
            at,
            text,
            fill=ink,
            font=self.font(text, size),
            anchor=anchor or ("ra" if self.rtl else "la"),
            direction="rtl" if self._is_rtl(text) else "ltr",
        )

    def write_upwards(self, at: tuple[int, int], text: str, size: int) -> None:
        """A line of text from the bottom to the top."""
        strip = _Sheet((round(self.width(text, size)) + 8, 2 * size), self.language)
        strip.write((strip.image.width - 4 if self.rtl else 4, size // 4), text, size)
        self.image.paste(strip.image.transpose(Image.Transpose.ROTATE_90), at)
        self.lines.append(text)

    def wrapped(self, text: str, size: int, width: float) -> list[str]:
        """A text in lines of at most this many pixels."""
        gap = "" if self.language in _UNSPACED else " "
        lines = [""]
        for word in text.split(" ") if gap else text:
            longer = (lines[-1] + gap + word).strip()
            if lines[-1] and self.width(longer, size) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines

    def width(self, text: str, size: int) -> float:
        """The pixels that a text takes."""
        return self.font(text, size).getlength(text)

    def font(self, text: str, size: int) -> ImageFont.FreeTypeFont:
        """The font for a text: figures alone are in that of Latin script."""
        return font("en" if text.isascii() else self.language, size)

    def _is_rtl(self, text: str) -> bool:
        return self.rtl and not text.isascii()

    def mirrored(self, x: float) -> float:
        """A place as far from the right as this from the left, for what is read from there."""
        return self.image.width - x if self.rtl else x


def draw(kind: str, language: str, seed: int = 1) -> Drawing:
    """Draw a picture.

    Arguments:
        kind: one of ``KINDS``.
        language: one of ``LANGUAGES``, for which there is a font.
        seed: of what is chosen at random.
    """
    chance = random.Random(f"{kind} {seed}")
    sheet = KINDS[kind](_TEXTS[language], language, chance)
    file = io.BytesIO()
    if kind in _PHOTOGRAPHED:
        _as_scanned(sheet.image, chance).save(file, "JPEG", quality=85)
    else:
        sheet.image.save(file, "PNG")
    return Drawing(kind, language, file.getvalue(), tuple(sheet.lines))


def _as_scanned(image: Image.Image, chance: random.Random) -> Image.Image:
    """Turned a little, not quite sharp, on paper that is not quite white, with noise."""
    angle = chance.choice((-1, 1)) * chance.uniform(0.3, 0.8)
    turned = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor="white")
    pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.6)), dtype=np.float32)
    noise = np.random.default_rng(chance.randrange(2**32)).normal(0, 6, pixels.shape[:2])
    paper = pixels * (0.94, 0.93, 0.90) + noise[:, :, None]
    return Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8))


def _chart(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """Bars, drawn by matplotlib; the text by Pillow, which can shape it in all scripts."""
    values = [[chance.randint(120, 980) / 10 for _ in texts["groups"]] for _ in range(2)]
    sheet = _Sheet((1000, 600), language)
    sheet.image.paste(_bars(values, ("#4c78a8", "#f58518")))
    sheet.write((500, 16), texts["title"], 26, anchor="ma")
    for tick in range(0, 101, 20):
        sheet.write((92, 510 - _BAR_PIXELS * tick), str(tick), 16, anchor="rm")
    for number, (value, name) in enumerate(zip(values[0], texts["groups"], strict=True)):
        middle = 100 + 145 * (number + 0.5)
        sheet.write((middle, 520), name, 18, anchor="ma")
        sheet.write((middle - 29, 506 - _BAR_PIXELS * value), f"{value:.1f}", 14, anchor="mb")
    sheet.write_upwards((8, 180), texts["labels"][2], 18)
    for number, (name, colour) in enumerate(
        zip(texts["labels"][:2], ("#4c78a8", "#f58518"), strict=True)
    ):
        left = 250 + 320 * number
        sheet.pen.rectangle((left, 560, left + 18, 578), fill=colour)
        sheet.write((left + 28, 557), name, 18, anchor="la")
    return sheet


def _bars(values: Sequence[Sequence[float]], colours: Sequence[str]) -> Image.Image:
    """Axes of 870 x 420 pixels, 100 from the left and 90 from the bottom, with groups of bars."""
    figure: Any = Figure(figsize=(10, 6), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0.1, 0.15, 0.87, 0.7))
    places = np.arange(len(values[0]))
    for number, (row, colour) in enumerate(zip(values, colours, strict=True)):
        axes.bar(places + 0.4 * number - 0.2, row, 0.38, color=colour)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_ylim(0, 420 / _BAR_PIXELS)
    axes.set_xticks(places, [""] * len(places))
    axes.set_yticks(range(0, 101, 20), [""] * 6)
    axes.grid(axis="y", alpha=0.4)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _page(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """A page of a report at 150 dots per inch: a title, paragraphs and a table."""
    sheet = _Sheet((1240, 1754), language)
    margin, top, size = 130, 130, chance.choice((24, 26, 28))
    sheet.write((sheet.mirrored(margin), top), texts["title"], 40)
    top += 110
    sentences = chance.sample(texts["sentences"], len(texts["sentences"]))
    for paragraph in (sentences[:3], sentences[3:6], sentences[6:]):
        for line in sheet.wrapped(" ".join(paragraph), size, 1240 - 2 * margin):
            sheet.write((sheet.mirrored(margin), top), line, size)
            top += round(1.7 * size)
        top += round(2.2 * size)
    for name in chance.sample(texts["labels"], 5):
        sheet.write((sheet.mirrored(margin + 30), top), name, size)
        sheet.write((sheet.mirrored(720), top), str(chance.randint(10, 9999)), size)
        sheet.pen.line((margin, top + 1.8 * size, 1240 - margin, top + 1.8 * size), fill="black")
        top += round(2.2 * size)
    sheet.write((620, 1640), str(chance.randint(2, 99)), 22, anchor="ma")
    return sheet


def _slide(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """A title in white on a band of colour, and points below it."""
    sheet = _Sheet((1280, 720), language, "#fbfaf5")
    sheet.pen.rectangle((0, 0, 1280, 120), fill=chance.choice(("#14365c", "#5c1433", "#1d4d2b")))
    sheet.write((sheet.mirrored(60), 34), texts["title"], 44, ink="white")
    top = 170
    for sentence in chance.sample(texts["sentences"], 4):
        dot = sheet.mirrored(72)
        sheet.pen.ellipse((dot - 6, top + 14, dot + 6, top + 26), fill="#14365c")
        for line in sheet.wrapped(sentence, 32, 1120):
            sheet.write((sheet.mirrored(100), top), line, 32)
            top += 52
        top += 40
    sheet.write((sheet.mirrored(60), 670), texts["shop"], 20, ink="#666666")
    sheet.write((sheet.mirrored(1220), 670), "7 / 24", 20, ink="#666666", anchor="ma")
    return sheet


def _screenshot(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """A window with a menu, a list, a text and buttons, at the sizes that screens have."""
    sheet = _Sheet((1280, 800), language, "#f3f3f3")
    sheet.pen.rectangle((0, 0, 1280, 36), fill="#2b2b2b")
    sheet.write((640, 7), texts["title"], 17, ink="white", anchor="ma")
    for number, name in enumerate(texts["menu"][:5]):
        sheet.write((sheet.mirrored(24 + 150 * number), 46), name, 17)
    list_left = 980 if sheet.rtl else 0
    sheet.pen.rectangle((list_left, 80, list_left + 300, 800), fill="#e4e8ee")
    for number, name in enumerate(texts["labels"]):
        ink, top = "black", 110 + 48 * number
        if number == 2:
            sheet.pen.rectangle((list_left, top - 10, list_left + 300, top + 34), fill="#1a66cc")
            ink = "white"
        sheet.write((sheet.mirrored(30), top), name, 18, ink=ink)
    body_left = 20 if sheet.rtl else 320
    sheet.pen.rectangle((body_left, 100, body_left + 940, 700), fill="white", outline="#c8c8c8")
    top = 130
    for sentence in chance.sample(texts["sentences"], 6):
        for line in sheet.wrapped(sentence, 19, 880):
            sheet.write((sheet.mirrored(350), top), line, 19, ink="#222222")
            top += 34
        top += 26
    for number, name in enumerate(texts["menu"][5:]):
        middle = sheet.mirrored(1000 + 160 * number)
        colour, ink = ("#1a66cc", "white") if number == 0 else ("#dddddd", "black")
        sheet.pen.rounded_rectangle((middle - 70, 728, middle + 70, 772), 8, fill=colour)
        sheet.write((middle, 750), name, 18, ink=ink, anchor="mm")
    return sheet


def _diagram(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """Parts in boxes with arrows between them, drawn by reportlab, and their names and sizes."""
    sheet = _Sheet((1200, 800), language)
    sheet.image.paste(_rendered(_shapes(1200, 800)))
    sheet.write((600, 24), texts["title"], 28, anchor="ma")
    names = chance.sample(texts["labels"], len(_PARTS))
    for number, ((x, y), name) in enumerate(zip(_PARTS, names, strict=True)):
        sheet.write((x, y - 10), name, 22, anchor="mm")
        sheet.write((x, y + 26), f"{chance.randint(10, 990) / 10} mm", 16, anchor="mm")
        if _PARTS.count((x + 400, y)):
            sheet.write((x + 200, y - 10), f"{chance.choice('ABCDE')}{number + 1}", 16, anchor="mb")
    sheet.write((1000, 650), texts["groups"][0], 22, ink="#b00020", anchor="mm")
    return sheet


def _shapes(width: int, height: int) -> bytes:
    """A PDF of what a diagram has but its text."""
    file = io.BytesIO()
    canvas: Any = Canvas(file, (width, height), bottomup=0)
    canvas.setLineWidth(3)
    for x, y in _PARTS:
        canvas.rect(x - 130, y - 50, 260, 100)
        if _PARTS.count((x + 400, y)):
            canvas.line(x + 130, y, x + 265, y)
            canvas.lines([(x + 252, y - 8, x + 268, y), (x + 252, y + 8, x + 268, y)])
        if _PARTS.count((x, y + 220)):
            canvas.line(x, y + 50, x, y + 170)
    canvas.setStrokeColorRGB(0.7, 0, 0.1)
    canvas.circle(1000, 650, 80)
    canvas.save()
    return file.getvalue()


def _rendered(document: bytes) -> Image.Image:
    """The first page of a PDF, a pixel for a point."""
    opened: Any = pdfium.PdfDocument(document)
    with opened:
        return opened[0].render(scale=1).to_pil().convert("RGB")


def _receipt(texts: Any, language: str, chance: random.Random) -> _Sheet:
    """A narrow strip of goods and prices."""
    sheet = _Sheet((480, 860), language)
    sheet.write((240, 40), texts["shop"], 30, anchor="ma")
    sheet.write((240, 96), f"{chance.randint(1, 28):02}.06.2026  14:{chance.randint(10, 59)}", 20,
                anchor="ma")  # fmt: skip
    sheet.pen.text((240, 130), "-" * 36, fill="black", font=font("en", 20), anchor="ma")
    top, total = 180, 0.0
    for name in chance.sample(texts["items"], 7):
        price = chance.randint(80, 2999) / 100
        sheet.write((sheet.mirrored(40), top), name, 24)
        sheet.write((40 if sheet.rtl else 440, top), f"{price:.2f}", 24,
                    anchor="la" if sheet.rtl else "ra")  # fmt: skip
        top, total = top + 58, total + price
    sheet.pen.line((40, top + 8, 440, top + 8), fill="black", width=2)
    sheet.write((sheet.mirrored(40), top + 30), texts["total"], 28)
    sheet.write((40 if sheet.rtl else 440, top + 30), f"{total:.2f}", 28,
                anchor="la" if sheet.rtl else "ra")  # fmt: skip
    sheet.write((240, top + 120), texts["thanks"], 22, anchor="ma")
    return sheet


KINDS: Final[Mapping[str, Callable[[Any, str, random.Random], _Sheet]]] = {
    "chart": _chart,
    "scanned page": _page,
    "slide": _slide,
    "screenshot": _screenshot,
    "diagram": _diagram,
    "receipt": _receipt,
}
_PHOTOGRAPHED: Final = frozenset({"scanned page", "receipt"})


def main(arguments: Sequence[str]) -> int:
    """Draw all there are fonts for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ocr_pictures", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument("--seed", type=int, default=1, help="of what is chosen (default 1)")
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    lines: dict[str, Sequence[str]] = {}
    for language in filter(font_name, LANGUAGES):
        for kind in KINDS:
            drawing = draw(kind, language, options.seed)
            suffix = "jpeg" if kind in _PHOTOGRAPHED else "png"
            name = f"{language}-{kind.replace(' ', '-')}.{suffix}"
            (options.folder / name).write_bytes(drawing.file)
            lines[name] = drawing.lines
    text = json.dumps(lines, ensure_ascii=False, indent=1)
    (options.folder / "lines.json").write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
