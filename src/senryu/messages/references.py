"""References in a generated text to the numbered parts of sources. Pure.

The model writes ``<cite:3,4>`` behind a sentence; the client never sees it, but gets the sentence
as a block of its own with citations. So a sentence is held back until it is clear that no reference
follows it.
"""

import re
from dataclasses import dataclass
from typing import Final

from senryu.canonical import as_written
from senryu.core import Constraint
from senryu.families.grammar import json_rule
from senryu.messages.sentences import SENTENCE_END

__all__ = ["HOW_TO_CITE", "ReferenceReader", "Stretch", "constraint_for", "reference"]

_MARKER: Final = "<cite"
_MAX_NUMBERS: Final = 8  # of one reference
_MAX_HELD: Final = 600  # characters: a sentence that is longer is shown before its end
_REFERENCE = re.compile(r"[ \t]*<cite:([0-9, ]*)>")
_UNFINISHED = re.compile(r"[ \t]*<cite(:[0-9, ]*)?$")

HOW_TO_CITE: Final = (
    "Behind each sentence of the sources stands its number, such as <cite:1>. Write behind each"
    " sentence of your answer which of them it rests on, in the same form: <cite:1>, or <cite:2,3>"
    " for several."
)
"""What the model is told."""


def reference(number: int) -> str:
    """What refers to a part."""
    return f"{_MARKER}:{number}>"


def constraint_for(num_parts: int) -> Constraint:
    """What must follow the beginning of a reference: numbers that exist."""
    number = json_rule(as_written({"type": "integer", "minimum": 1, "maximum": num_parts}))
    rules = f'start: ":" number ("," number){{0,{_MAX_NUMBERS - 1}}} ">"\nnumber: {number}\n'
    return Constraint(rules, triggers=(_MARKER,))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of visible text, and what it refers to.

    Arguments:
        text: the text; empty where only more numbers come for the text before.
        numbers: of the parts that it rests on; none if it is the model's own.
    """

    text: str
    numbers: tuple[int, ...] = ()


class ReferenceReader:
    """Cuts one reply's text into stretches. However the text is cut, they are the same."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> list[Stretch]:
        """Take more text; return what is certain now."""
        self._held += text
        stretches: list[Stretch] = []
        while found := _REFERENCE.search(self._held):
            before, self._held = self._held[: found.start()], self._held[found.end() :]
            stretches += _cited(before, found[1])
        end = _settled(self._held)
        if end:
            stretches.append(Stretch(self._held[:end]))
            self._held = self._held[end:]
        return stretches

    def close(self) -> list[Stretch]:
        """Take the end of a run of text; an unfinished reference is dropped."""
        shown, self._held = _UNFINISHED.sub("", self._held), ""
        return [Stretch(shown)] if shown else []


def _cited(text: str, said: str) -> list[Stretch]:
    """A text that a reference follows: its last sentence is what rests on the numbers."""
    numbers = tuple(int(number) for number in re.findall("[0-9]+", said))
    if not text.strip():
        return [Stretch("", numbers), *([Stretch(text)] if text else [])]
    start = _start_of_last_sentence(text)
    own = [Stretch(text[:start])] if start else []
    return [*own, Stretch(text[start:], numbers)]


def _start_of_last_sentence(text: str) -> int:
    words = text.rstrip()
    ends = [found.end() for found in SENTENCE_END.finditer(text) if found.end() < len(words)]
    start = ends[-1] if ends else 0
    return start + len(text[start:]) - len(text[start:].lstrip())


def _settled(text: str) -> int:
    """How much of a held text no reference can follow directly."""
    end = 0
    for found in SENTENCE_END.finditer(text):
        behind = text[found.end() :].lstrip()
        if behind and not behind.startswith(_MARKER) and not _MARKER.startswith(behind):
            end = found.end()
    if end == 0 and len(text) > _MAX_HELD:
        place = text.rfind("<", -len(_MARKER))
        end = place if place > 0 else len(text)
    return end
