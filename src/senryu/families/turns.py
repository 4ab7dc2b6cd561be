"""A conversation cut into turns, each part with its number among the conversation's blocks.

The API puts a tool's results into the user's message; models read them as a turn of their own.
Knows no model's markers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from senryu.core import Call, Conversation, Part, Passage, Picture, Result, Segment, Thought

__all__ = ["Numbered", "Speaker", "Turn", "block_of", "own_words", "turns"]

Speaker = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Numbered:
    """A part and its number in ``Conversation.blocks``."""

    block: int
    part: Part


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says without a break; a tool's are ``Result``s alone.

    Arguments:
        speaker: who speaks.
        parts: at least one.
        is_begun: whether it is the beginning of the reply that is asked for.
    """

    speaker: Speaker
    parts: tuple[Numbered, ...]
    is_begun: bool = False

    @property
    def has_thought(self) -> bool:
        """Whether the model's reasoning is among the parts."""
        return any(isinstance(numbered.part, Thought) for numbered in self.parts)

    @property
    def has_call(self) -> bool:
        """Whether a call of a tool is among the parts."""
        return any(isinstance(numbered.part, Call) for numbered in self.parts)


def turns(conversation: Conversation) -> list[Turn]:
    """The conversation's turns, in order."""
    found: list[Turn] = []
    block = len(conversation.tools)
    for utterance in conversation.utterances:
        parts = [Numbered(block + index, part) for index, part in enumerate(utterance.parts)]
        block += len(parts)
        for is_result, group in groupby(parts, key=lambda one: isinstance(one.part, Result)):
            found.append(Turn("tool" if is_result else utterance.role, tuple(group)))
    if conversation.continue_last:
        found[-1] = Turn(found[-1].speaker, found[-1].parts, is_begun=True)
    return found


def block_of(numbered: Numbered, text: str) -> Segment:
    """The segment of a whole block: its own tokens where they are known, else this text."""
    part = numbered.part
    tokens = None if isinstance(part, Result | Picture) else part.tokens
    return Segment(text, block=numbered.block, tokens=tokens)


def own_words(turn: Turn) -> Iterator[Segment]:
    """A turn of passages and pictures alone, paragraphs between passages unless the model's own.

    Nothing stands around a picture but the markers that an engine puts there, as in llama.cpp's own
    server (``concat_content_parts`` in common/chat.cpp).
    """
    between = "" if turn.speaker == "assistant" else "\n\n"
    follows_passage = False
    for numbered in turn.parts:
        if isinstance(numbered.part, Passage):
            if follows_passage and between:
                yield Segment(between)
            yield block_of(numbered, numbered.part.text)
        elif isinstance(numbered.part, Picture):
            yield Segment("", block=numbered.block, image=numbered.part.image)
        follows_passage = isinstance(numbered.part, Passage)
