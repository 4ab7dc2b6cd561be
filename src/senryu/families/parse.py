"""Plain text to pieces: everything is visible, except that a spelled marker ends the turn.

Small models sometimes write ``<|im_end|>`` letter by letter instead of emitting the token. Text
that may still become a marker is held back, so the pieces do not depend on how it arrives.
"""

import re
from collections.abc import Iterable

from senryu.core import Piece, TextPiece, TurnEnd
from senryu.holdback import Holdback

__all__ = ["MarkerParser"]


class MarkerParser:
    """A ``Parser`` for families whose replies are text alone.

    Arguments:
        markers: texts that end the turn, none of them empty.
    """

    def __init__(self, markers: Iterable[str]) -> None:
        texts = tuple(markers)
        self._marker = re.compile("|".join(map(re.escape, texts))) if texts else None
        self._holdback = Holdback(texts)
        self._held = ""
        self._ended = False

    def feed(self, text: str) -> list[Piece]:
        """Take more text; return what is now certain."""
        if self._ended:
            return []
        text = self._held + text
        found = self._marker.search(text) if self._marker else None
        if found:
            self._ended = True
            return [*_text_piece(text[: found.start()]), TurnEnd()]
        cut = len(text) - self._holdback.num_held(text)
        self._held = text[cut:]
        return _text_piece(text[:cut])

    def close(self) -> list[Piece]:
        """Take the end of the text; return what was held back."""
        if self._ended:
            return []
        self._ended = True
        return _text_piece(self._held)


def _text_piece(text: str) -> list[Piece]:
    return [TextPiece(text)] if text else []
