"""A model file's chat template: turns of plain words to a prompt, in segments.

The template is a program (``sandbox.py``) and sees nothing but texts. What users wrote is protected
with marks before, so that nothing it spells matches a marker of the model's; the template's own
markers become special segments. Other marks show where each block of the conversation ended up. The
family's own markers, and what the model wrote as tokens, the template sees as opaque words.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from senryu.core import EngineInfo, Prompt, Role, Segment
from senryu.families.generic.sandbox import Program, ProgramError

__all__ = ["ChatTemplate", "PlainTurn", "TemplateRefusedError"]

# Unicode's noncharacters, never in real text.
_MARKS = [
    *map(chr, range(0xFDD0, 0xFDF0)),
    *(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)),
]


class TemplateRefusedError(Exception):
    """The template cannot render these turns."""


@dataclass(frozen=True, slots=True)
class PlainTurn:
    """A turn as templates know it: someone's words.

    Arguments:
        role: who speaks.
        words: what they say, markers of the family's own among it.
    """

    role: Role
    words: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class _Marks:
    """Characters that the words have not.

    Arguments:
        broken: breaks what spells a marker.
        begin: with ``end`` around the inside of a block. They stand inside its outermost visible
            characters, so a template that trims still can, and no marker is made of a block's end
            and its neighbour. Nothing but space is kept.
        hole: around the number of something that the template does not see.
    """

    broken: str
    begin: str
    end: str
    hole: str

    def removed_from(self, text: str) -> str:
        """A text without them."""
        for mark in (self.broken, self.begin, self.end, self.hole):
            text = text.replace(mark, "")
        return text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a segment is in the rendered text, marks included."""

    start: int
    end: int
    segment: Segment


class ChatTemplate:
    """A compiled template and the markers of the model that it belongs to.

    Arguments:
        source: the template.
        info: what an engine found in the model's file.
        no_tools: what the template is told where there are no tools.

    Raises:
        TemplateRefusedError: the source does not compile.
    """

    def __init__(self, source: str, info: EngineInfo, *, no_tools: object = None) -> None:
        try:
            self._program = Program(source)
        except ProgramError as error:
            raise TemplateRefusedError(str(error)) from None
        self._info = info
        self._no_tools = no_tools
        longest_first = sorted(filter(None, info.special_tokens), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def render(self, turns: Iterable[PlainTurn], *, thinking: bool = False) -> Prompt:
        """The prompt that asks for the model's turn after these.

        Where the template loses, repeats or changes a block, the prompt has none.

        Arguments:
            turns: what was said.
            thinking: whether the model is to reason, for templates that want to know.

        Raises:
            TemplateRefusedError: the template cannot express them, or leaves a picture out.
        """
        said = list(turns)
        words = [segment for turn in said for segment in turn.words]
        marks = _unused_marks(words)
        holes = [segment for segment in words if _is_hole(segment)]
        names = iter(f"{marks.hole}{number}{marks.hole}" for number in range(len(holes)))
        messages = [
            {"role": turn.role, "content": self._shown(turn.words, marks, names)} for turn in said
        ]
        rendered = self.run(messages, thinking=thinking)
        for number, hole in enumerate(holes):
            if hole.image and f"{marks.hole}{number}{marks.hole}" not in rendered:
                raise TemplateRefusedError("the template leaves a picture out")
        return self._split(rendered, _places(rendered, words, marks), marks)

    def run(self, messages: object, **variables: object) -> str:
        """What the template makes of messages, as text.

        Raises:
            TemplateRefusedError: it cannot express them.
        """
        defaults: dict[str, object] = {
            "add_generation_prompt": True,
            "bos_token": self._info.bos,
            "eos_token": self._info.eos,
            "tools": self._no_tools,
            "documents": None,
        }
        if "thinking" in variables:
            defaults["enable_thinking"] = variables["thinking"]
        try:
            return self._program.run({"messages": messages, **defaults, **variables})
        except ProgramError as error:
            raise TemplateRefusedError(str(error)) from None

    def _shown(self, words: Iterable[Segment], marks: _Marks, names: Iterator[str]) -> str:
        """What the template sees of a turn's words; no marker is made of two of them."""
        return marks.broken.join(
            next(names) if _is_hole(segment) else self._protected(segment, marks)
            for segment in words
        )

    def _protected(self, segment: Segment, marks: _Marks) -> str:
        """A text with every spelled marker broken, and a block's marks."""
        text = self._special.sub(
            lambda found: found[0][0] + marks.broken + found[0][1:], segment.text
        )
        return text if segment.block is None else _marked(text, marks)

    def _split(self, rendered: str, places: list[_Place], marks: _Marks) -> Prompt:
        kept: list[Segment] = []

        def add_text(start: int, end: int) -> None:
            text = marks.removed_from(rendered[start:end])
            if text:
                kept.append(Segment(text))

        at = 0
        own = [
            _Place(*found.span(), Segment(found[0], special=True))
            for found in self._special.finditer(rendered)
        ]
        for place in _apart(own, places):
            add_text(at, place.start)
            at = place.end
            kept.append(place.segment)
        add_text(at, len(rendered))
        if self._info.add_bos and kept and kept[0] == Segment(self._info.bos, special=True):
            del kept[0]  # the engine adds it
        return Prompt(tuple(kept))


def _is_hole(segment: Segment) -> bool:
    """Whether the template is not to see a segment: it has an own way into the prompt."""
    return segment.special or segment.tokens is not None or segment.image is not None


def _places(rendered: str, words: list[Segment], marks: _Marks) -> list[_Place]:
    """Where holes and blocks are; no blocks, if not each is there once, whole and in order."""
    holes = [segment for segment in words if _is_hole(segment)]
    found = re.finditer(f"{marks.hole}([0-9]+){marks.hole}", rendered)
    numbered = [(int(hole[1]), hole.span()) for hole in found]
    hole_places = [_Place(*span, holes[number]) for number, span in numbered]
    block_places = _block_places(rendered, words, marks)
    is_intact = [number for number, _ in numbered] == list(range(len(holes)))
    both = sorted([*hole_places, *(block_places or ())], key=lambda place: place.start)
    blocks = [place.segment.block for place in both if place.segment.block is not None]
    expected = [segment.block for segment in words if segment.block is not None]
    if is_intact and block_places is not None and blocks == expected:
        return both
    return [replace(place, segment=replace(place.segment, block=None)) for place in hole_places]


def _block_places(rendered: str, words: list[Segment], marks: _Marks) -> list[_Place] | None:
    """Where the marked blocks are; None if not each of them is there once, whole and in order."""
    blocks = [s for s in words if s.block is not None and not _is_hole(s)]
    found = re.finditer(f"{marks.begin}([^{marks.begin}{marks.end}]*){marks.end}", rendered)
    places: list[_Place] = []
    for segment, inside in zip(blocks, islice(found, len(blocks)), strict=False):
        body = segment.text.strip() or segment.text
        start, end = inside.span()
        if body.strip():
            start, end = start - 1, end + (len(body) > 1)
        if marks.removed_from(rendered[max(start, 0) : end]) != body:
            return None
        before, _, after = segment.text.partition(body) if body else ("", "", "")
        if rendered.endswith(before, 0, start):
            start -= len(before)
        if rendered.startswith(after, end):
            end += len(after)
        text = marks.removed_from(rendered[start:end])
        places.append(_Place(start, end, replace(segment, text=text)))
    marked = sum(rendered.count(mark) for mark in (marks.begin, marks.end))
    return places if len(places) == len(blocks) and marked == 2 * len(blocks) else None


def _apart(own: list[_Place], places: list[_Place]) -> list[_Place]:
    """The template's markers and the rest in their order; without blocks, should they overlap."""
    cuts = sorted([*own, *places], key=lambda place: place.start)
    if not any(later.start < earlier.end for earlier, later in pairwise(cuts)):
        return cuts
    holes = [
        replace(p, segment=replace(p.segment, block=None)) for p in places if _is_hole(p.segment)
    ]
    return sorted([*own, *holes], key=lambda place: place.start)


def _marked(text: str, marks: _Marks) -> str:
    body = text.strip()
    if not body:
        return marks.begin + text + marks.end
    start = text.index(body)
    inner = body[0] + marks.begin + body[1:-1] + marks.end + (body[-1] if len(body) > 1 else "")
    return text[:start] + inner + text[start + len(body) :]


def _unused_marks(words: list[Segment]) -> _Marks:
    unused = (mark for mark in _MARKS if not any(mark in said.text for said in words))
    found = tuple(islice(unused, 4))
    if len(found) < 4:
        raise TemplateRefusedError("the text uses every Unicode noncharacter")
    return _Marks(*found)
