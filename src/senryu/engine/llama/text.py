"""From tokens to text, incrementally: no chunk ever ends inside a UTF-8 character.

This module knows bytes and characters; which bytes a token stands for is told to it.
"""

import codecs

__all__ = ["TextDecoder"]


class TextDecoder:
    """Decodes one reply's bytes.

    Bytes that cannot be UTF-8 become U+FFFD. What is still incomplete when the reply ends is
    dropped: a reply cut by its token limit ends with its last whole character.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def feed(self, piece: bytes) -> str:
        """Take a token's bytes; return the characters that are now complete."""
        return self._decoder.decode(piece)
