"""A picture as a model is to see it."""

import hashlib
from dataclasses import dataclass, replace

__all__ = ["Image"]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that was checked, turned upright and scaled by whoever made this value.

    Arguments:
        data: a PNG or JPEG file; empty where only the tokens of the picture are asked for, which
            its size and its name decide, or as long as it is not made.
        width: pixels.
        height: pixels.
        digest: a SHA-256 in hexadecimal digits by which caches know the picture: of the file, or of
            what the file is made from.
    """

    data: bytes
    width: int
    height: int
    digest: str

    @classmethod
    def of(cls, data: bytes, width: int, height: int) -> "Image":
        """The picture in a file of so many pixels."""
        return cls(data, width, height, hashlib.sha256(data).hexdigest())

    def without_data(self) -> "Image":
        """What is known of it, without the file."""
        return replace(self, data=b"")
