"""Names for prefixes of prompts: one digest for each namespace and beginning of a token sequence.

It knows neither caches nor memory.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["prefix_digests"]

_LENGTH = struct.Struct("<Q")


def prefix_digests(
    namespace: str, tokens: Sequence[int] | NDArray[np.int32], ends: Iterable[int]
) -> list[str]:
    """Name prefixes of ``tokens``, reading every token once.

    The name is a SHA-256 over the namespace, preceded by its length so that no token can pass for
    a part of it, and the tokens as little-endian 32-bit integers.

    Arguments:
        namespace: whose prompt it is; equal tokens of two namespaces have different names.
        tokens: token ids.
        ends: how many tokens each prefix has, ascending, at most all of them.

    Returns:
        for each end, 64 lower-case hexadecimal digits.

    Raises:
        ValueError: an end is smaller than the one before it, or lies outside of ``tokens``.
    """
    owner = namespace.encode()
    digest = hashlib.sha256(_LENGTH.pack(len(owner)) + owner)
    values = np.ascontiguousarray(tokens, dtype="<i4")
    names: list[str] = []
    start = 0
    for end in ends:
        if not start <= end <= len(values):
            raise ValueError(f"prefix end {end} is not between {start} and {len(values)}")
        digest.update(values[start:end].data)
        names.append(digest.hexdigest())
        start = end
    return names
