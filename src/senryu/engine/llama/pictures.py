"""Pictures among the tokens of a sequence. Pure: it knows no files, no native code and no job.

A picture's tokens have no ids of the vocabulary, so they are given names: negative numbers that
follow from the picture's digest and the token's place in it. What compares tokens or digests of
them (the prefix tree, saved blocks, sharing) then finds a picture again where it is the same one,
and never where it is another. A picture is known whole or not at all: a cut that would fall into
one is made before it.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from senryu.engine.llama.cache import Tokens

__all__ = [
    "SightError",
    "Span",
    "extent",
    "find_spans",
    "picture_tokens",
    "position",
    "whole_length",
]

_FIRST = 1 << 30  # tells the first token of a run from those that go on with it


class SightError(Exception):
    """A picture cannot be shown to the model; the message says why."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where a run of a picture's tokens lies in a sequence.

    Arguments:
        start: its first token.
        end: the token after its last one.
        num_positions: by how much the position of what follows it is greater than its own. Where
            positions have two dimensions (M-RoPE) that is less than its tokens are, and all of
            them share the first position.
    """

    start: int
    end: int
    num_positions: int


def picture_tokens(digest: str, index: int, count: int) -> tuple[int, ...]:
    """The names of the tokens of a picture's run.

    Arguments:
        digest: the picture's.
        index: the number of the run in the picture.
        count: its tokens, at least one.
    """
    named = hashlib.shake_256(f"{digest} {index} {count}".encode()).digest(4 * count)
    values = np.frombuffer(named, dtype="<u4") & (_FIRST - 1)
    values[0] |= _FIRST
    return tuple((-1 - values.astype(np.int64)).tolist())


def find_spans(tokens: Tokens) -> list[tuple[int, int]]:
    """Start and end of every run of a picture's tokens, in order."""
    goes_on = (tokens < 0) & (tokens >= -_FIRST)
    starts = np.flatnonzero(tokens < -_FIRST)
    ends = np.flatnonzero(~np.append(goes_on, False))  # where no run goes on
    return [(int(start), int(ends[np.searchsorted(ends, start + 1)])) for start in starts]


def whole_length(tokens: Tokens, length: int) -> int:
    """The most of the first ``length`` tokens that cut no run."""
    while 0 < length < len(tokens) and -_FIRST <= tokens[length] < 0:
        length -= 1
    return length


def position(spans: Sequence[Span], index: int) -> int:
    """The position of a token, the first of those that it has where they are two-dimensional."""
    lost = 0
    for span in spans[: bisect_right(spans, index, key=lambda span: span.start)]:
        if span.end - span.start == span.num_positions:
            continue
        if index < span.end:
            return span.start - lost
        lost += span.end - span.start - span.num_positions
    return index - lost


def extent(spans: Sequence[Span], length: int) -> int:
    """The position after that of the last of ``length`` tokens."""
    return position(spans, length - 1) + 1 if length else 0
