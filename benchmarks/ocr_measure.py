"""What part of a drawn text comes through. Pure."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Comparison", "compare", "plain"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A text that was drawn and what was read, in characters.

    Arguments:
        drawn: how many there were.
        through: how many of them came through.
        added: how many were read that belong to none of the lines.
    """

    drawn: int
    through: int
    added: int


def plain(text: str) -> str:
    """A text as it is compared: without spaces and marks of tables, characters in one form.

    The form is Unicode's NFKC, so that a wide comma is a comma.
    """
    folded = unicodedata.normalize("NFKC", text).replace("---", "")
    return "".join(mark for mark in folded if not mark.isspace() and mark != "|")


def compare(lines: Sequence[str], read: str) -> Comparison:
    """How many characters of lines come through.

    For each line the place in what was read is looked for that takes the fewest edits
    (Levenshtein) to become the line; these many characters are lost, and all of them where
    they are more than half. What was found at one place is not found again: lines that came
    through well take theirs first. So the order of lines does not count, that within a line does.

    Arguments:
        lines: what was drawn.
        read: what was read.
    """
    left, through = plain(read), 0
    wanted = sorted(map(plain, lines), key=len, reverse=True)
    for most_lost in (0.2, 0.5):
        missing: list[str] = []
        for line in wanted:
            edits, begin, end = _closest(line, left)
            if edits > most_lost * len(line):
                missing.append(line)
                continue
            through += len(line) - edits
            left = f"{left[:begin]}\0{left[end:]}"
        wanted = missing
    drawn = sum(len(plain(line)) for line in lines)
    return Comparison(drawn, through, len(left.replace("\0", "")))


def _closest(line: str, text: str) -> tuple[int, int, int]:
    """The fewest edits from a part of a text to a line, and where that part begins and ends."""
    costs, begins = [0] * (len(text) + 1), list(range(len(text) + 1))
    for number, wanted in enumerate(line, start=1):
        diagonal, begin = costs[0], begins[0]
        costs[0] = number
        for place, found in enumerate(text, start=1):
            above, above_begin = costs[place], begins[place]
            best = diagonal + (wanted != found)
            if above + 1 < best:
                best, begin = above + 1, above_begin
            if costs[place - 1] + 1 < best:
                best, begin = costs[place - 1] + 1, begins[place - 1]
            costs[place], begins[place] = best, begin
            diagonal, begin = above, above_begin
    end = min(range(len(costs)), key=costs.__getitem__)
    return costs[end], begins[end], end
