"""From segments to tokens: a prompt's, and those of text that is put into a reply.

It decides what is tokenised together. Which tokens a text has is the vocabulary's business.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from senryu.core import Image, Prompt, PromptTokens, Segment
from senryu.engine.llama.pictures import SightError

__all__ = ["Show", "Vocabulary", "blind", "tokenize", "tokenize_inserted"]

Show = Callable[[Image], tuple[int, ...]]
"""The tokens of a picture."""


class Vocabulary(Protocol):
    """A model's tokens. Safe from any thread."""

    @property
    def bos(self) -> int | None:
        """The begin-of-sequence token."""
        ...

    @property
    def add_bos(self) -> bool:
        """Whether every prompt begins with ``bos``."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for, markers spelled out."""
        ...

    def is_marker(self, token: int) -> bool:
        """Whether a token stands for a marker and for no plain text."""
        ...

    def tokenize(self, text: str, *, special: bool, continues: bool = False) -> list[int]:
        """Token ids of a text: see ``Model.tokenize``."""
        ...


def blind(image: Image) -> tuple[int, ...]:
    """Refuse a picture, for a model that sees none."""
    raise SightError("this model sees no pictures")


def tokenize(vocabulary: Vocabulary, prompt: Prompt, show: Show = blind) -> PromptTokens:
    """A prompt's tokens, ``bos`` first where the model has it. Safe from any thread.

    Neighbouring texts are joined first, so that tokens do not depend on how a text was cut; a block
    is tokenised by itself, so that they depend on no other block. Text that follows text continues
    it: see ``Model.tokenize``.

    Arguments:
        vocabulary: of the model.
        prompt: what to tokenise.
        show: what a picture's tokens are.

    Raises:
        SightError: a picture in it cannot be shown to the model.
    """
    ids, ends = _tokenize(vocabulary, prompt.segments, show, continues=False)
    bos = vocabulary.bos
    if vocabulary.add_bos and bos is not None and ids[:1] != [bos]:
        ids.insert(0, bos)
        ends = {block: end + 1 for block, end in ends.items()}
    return PromptTokens.with_ends(tuple(ids), ends)


def tokenize_inserted(vocabulary: Vocabulary, segments: Sequence[Segment]) -> tuple[int, ...]:
    """Tokens of what is put in the middle of a reply. Safe from any thread."""
    return tuple(_tokenize(vocabulary, segments, blind, continues=True)[0])


def _tokenize(
    vocabulary: Vocabulary, segments: Sequence[Segment], show: Show, *, continues: bool
) -> tuple[list[int], dict[int, int]]:
    """Token ids, and where each block ends in them.

    Arguments:
        vocabulary: of the model.
        segments: what to tokenise.
        show: what a picture's tokens are.
        continues: whether text comes before them.
    """
    ids: list[int] = []
    ends: dict[int, int] = {}

    def add(text: str, *, special: bool = False) -> None:
        if text:
            follows = _is_plain(vocabulary, ids[-1]) if ids else continues
            ids.extend(vocabulary.tokenize(text, special=special, continues=follows))

    text = ""
    for segment in segments:
        if not segment.special and segment.block is None and segment.image is None:
            text += segment.text
            continue
        add(text)
        text = ""
        if segment.image is not None:
            ids += show(segment.image)
        elif segment.tokens is not None:
            ids += segment.tokens
        else:
            add(segment.text, special=segment.special)
        if segment.block is not None:
            ends[segment.block] = len(ids)
    add(text)
    return ids, ends


def _is_plain(vocabulary: Vocabulary, token: int) -> bool:
    """Whether a token is text, neither a picture's nor a marker."""
    return token >= 0 and not vocabulary.is_marker(token)
