"""What a family rendered and an engine can tokenise, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from senryu.core.image import Image

__all__ = [
    "CachePoint",
    "Prompt",
    "PromptTokens",
    "Segment",
]


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of prompt text.

    ``special`` text is a marker of the model's own (``<|im_start|>``) and must become the token of
    that name; other text must never do so, whatever it spells: that is what keeps a user from
    forging a turn.

    Arguments:
        text: the run.
        special: whether it is a marker.
        block: which of the conversation's blocks ends with this segment, None where none does.
            Such a segment is tokenised by itself, so that its tokens depend on no neighbour, and
            where it ends is a place that the prompt cache can name.
        tokens: its tokens, where they are known.
        image: a picture that stands here, between whatever markers the model knows it by; the text
            is empty then. Only for engines that see.
    """

    text: str
    special: bool = False
    block: int | None = None
    tokens: tuple[int, ...] | None = None
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a family rendered and an engine can tokenise."""

    segments: tuple[Segment, ...]

    def without_image_data(self) -> "Prompt":
        """The same prompt, of which the tokens can be told as well, without its pictures' files."""
        if not any(segment.image for segment in self.segments):
            return self
        return Prompt(
            tuple(
                replace(said, image=said.image.without_data()) if said.image else said
                for said in self.segments
            )
        )


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """A prompt in tokens.

    Arguments:
        ids: the token ids, the begin-of-sequence token included where the model has one. Those of
            pictures are negative: names that an engine makes up for what has no ids.
        block_ends: for each of the conversation's blocks, in their order, how many of ``ids`` come
            up to its end and to those of all before it; empty if the family could not tell.
    """

    ids: tuple[int, ...]
    block_ends: tuple[int, ...] = ()

    @classmethod
    def with_ends(cls, ids: tuple[int, ...], ends: Mapping[int, int]) -> "PromptTokens":
        """Tokens and where each block was found to end.

        A family may put a block before one that the API puts first (tools after the system prompt):
        up to its end then means up to both ends.
        """
        block_ends: list[int] = []
        for block in range(len(ends)):
            if block not in ends:
                return cls(ids)
            block_ends.append(max([ends[block], *block_ends[-1:]]))
        return cls(ids, tuple(block_ends))


@dataclass(frozen=True, slots=True)
class CachePoint:
    """A place in a prompt up to which it should be kept, and whose earlier entries may be read.

    Arguments:
        position: tokens before it.
        lifetime_s: seconds that the entry lives, counted again from each use.
        lookback: positions of earlier block ends where an entry may be found instead, descending.
    """

    position: int
    lifetime_s: int
    lookback: tuple[int, ...] = ()
