"""How much of a text's end must wait, because it may be the beginning of one of several markers.

Whoever looks for markers in text that arrives in pieces asks this. Knows no model and no API.
"""

from collections.abc import Iterable

__all__ = ["Holdback"]


class Holdback:
    """The beginnings of some markers.

    Arguments:
        markers: texts to look out for, none of them empty.
    """

    def __init__(self, markers: Iterable[str]) -> None:
        self._beginnings = {text[:length] for text in markers for length in range(1, len(text))}
        self._longest = max((len(text) for text in self._beginnings), default=0)

    def num_held(self, text: str) -> int:
        """Length of the longest end of ``text`` that a marker begins with."""
        for length in range(min(self._longest, len(text)), 0, -1):
            if text[-length:] in self._beginnings:
                return length
        return 0
