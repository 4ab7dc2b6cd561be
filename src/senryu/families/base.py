"""The contract of every model family: conversation to prompt, generated text to pieces.

Families are pure: no I/O, no clock, no engine. A family is a ``Profile`` (data) and two functions.
"""

from dataclasses import dataclass
from typing import Protocol

from senryu.core import Conversation, Demands, Guide, Piece, Prompt, Sampling

__all__ = ["Family", "Parser", "Profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a family says of its models.

    Arguments:
        name: the family's name, also its folder's.
        sampling: what is used where a request leaves sampling out.
        note: what a user should know, shown by `senryu models inspect`; may be empty.
    """

    name: str
    sampling: Sampling
    note: str = ""


class Parser(Protocol):
    """Turns the text of one reply into pieces, incrementally.

    However the text is cut into feeds, the pieces say the same, and no marker ever appears in their
    text. Any text at all can be fed: what is no call after all becomes text.
    """

    def feed(self, text: str) -> list[Piece]:
        """Take more text; return what is now certain."""
        ...

    def close(self) -> list[Piece]:
        """Take the end of the text; return what was held back, an open call ended as not whole."""
        ...


class Family(Protocol):
    """A model family, made for one loaded model."""

    @property
    def profile(self) -> Profile:
        """The family's data."""
        ...

    def render(self, conversation: Conversation) -> Prompt:
        """The prompt for the model's next turn (or the rest of it, with ``continue_last``).

        The same conversation always renders to the same prompt. Every block of the conversation
        (``Conversation.blocks``: tools first, then all parts) is the ``block`` of exactly one
        segment; where that cannot be, there are no blocks at all. What stands before a reply is the
        same segments when it is asked for and when it is history. A part of the model's own that
        has ``tokens`` is one segment of those tokens, which have all of its markers in them. A
        picture is one segment with its ``image``.

        Raises:
            InvalidRequestError: the family cannot express this conversation; the message says what.
        """
        ...

    def parser(self, conversation: Conversation) -> Parser:
        """A fresh parser for the reply to a conversation."""
        ...

    def guide(self, conversation: Conversation, demands: Demands) -> Guide | None:
        """How an engine enforces demands on the reply; None where there is nothing to enforce."""
        ...
