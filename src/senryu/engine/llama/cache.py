"""The contract of a prefix cache: finished sequences kept so that later prompts need not compute.

An entry owns a sequence id of ``Slots`` and knows the tokens that it covers. Namespaces never see
each other. What entries are kept in (a list here, a tree elsewhere) is the implementation's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Hit", "PrefixCache"]


@dataclass(frozen=True, slots=True)
class Hit:
    """The first ``length`` tokens are held by ``seq``, which stays the cache's."""

    seq: int
    length: int


class PrefixCache(Protocol):
    """Entries by namespace."""

    def __len__(self) -> int:
        """Number of entries."""
        ...

    @property
    def seqs(self) -> frozenset[int]:
        """The sequence ids that entries own."""
        ...

    def lookup(self, namespace: str, tokens: Sequence[int]) -> Hit | None:
        """The longest prefix of ``tokens`` held in the namespace, None when there is none.

        It counts as a use: what is hit is evicted later.
        """
        ...

    def insert(self, namespace: str, tokens: Sequence[int], seq: int) -> None:
        """Take over ``seq``, which covers exactly ``tokens``."""
        ...

    def evict(self) -> bool:
        """Release the entry that is worth least; False when there is none."""
        ...

    def clear(self) -> None:
        """Release every entry."""
        ...

    def audit(self) -> None:
        """Prove that every entry covers what it says; raises ``AuditError``."""
        ...
