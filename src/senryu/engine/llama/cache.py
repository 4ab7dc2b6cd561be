"""The contract of a prefix cache: finished sequences kept so that later prompts need not compute.

An entry owns a sequence id of ``Slots`` and knows the tokens that it covers. Namespaces never see
each other. What entries are kept in (a list here, a tree elsewhere) is the implementation's, and
what becomes of an entry that has to go is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["Entry", "Hit", "PrefixCache", "Tokens", "as_tokens", "common_length"]

_MAX_POINTS = 8  # of an entry: those of two requests with four cache points each

Tokens = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(slots=True, eq=False)
class Entry:
    """A prefix held in memory.

    Arguments:
        namespace: whose it is.
        tokens: what it covers, at least one token.
        seq: the sequence id that holds their cells.
        pinned_until: until this time others are evicted first; 0 for never.
        last_use: greater for later uses.
        num_hits: prompts that were begun with it.
        num_saved: of its blocks, counted from the end, how many were saved outside of memory.
        points: positions in it that requests marked, where others are likely to part from it.
    """

    namespace: str
    tokens: Tokens
    seq: int
    pinned_until: float = 0.0
    last_use: int = 0
    points: tuple[int, ...] = ()
    num_hits: int = 0
    num_saved: int = 0

    def inherit(self, other: "Entry") -> None:
        """Stand for another entry from now on, whose tokens this one covers."""
        self.pinned_until = max(self.pinned_until, other.pinned_until)
        self.num_hits += other.num_hits
        self.num_saved = 0
        self.points = tuple(sorted({*self.points, *other.points}))[-_MAX_POINTS:]


@dataclass(frozen=True, slots=True)
class Hit:
    """The first ``length`` tokens are held by ``entry``, which stays the cache's."""

    entry: Entry
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

    @property
    def num_tokens(self) -> int:
        """Tokens that entries cover, common prefixes counted once where they are known."""
        ...

    @property
    def num_uses(self) -> int:
        """How often an entry was added or used; what ``last_use`` is compared with."""
        ...

    def entries(self) -> Sequence[Entry]:
        """All entries, in no particular order."""
        ...

    def lookup(self, namespace: str, tokens: Sequence[int] | Tokens) -> Hit | None:
        """The longest usable prefix of ``tokens`` held in the namespace, None if there is none.

        It counts as a use: what is hit is evicted later.
        """
        ...

    def insert(
        self,
        namespace: str,
        tokens: Sequence[int] | Tokens,
        seq: int,
        *,
        pinned_until: float = 0.0,
        points: tuple[int, ...] = (),
    ) -> Entry:
        """Take over ``seq``, which covers exactly ``tokens``, at least one.

        Returns the entry that covers them from now on. Sequences that this makes superfluous are
        released.
        """
        ...

    def take(self, entry: Entry) -> None:
        """Remove an entry; its sequence id is the caller's from now on."""
        ...

    def next_victim(self, now: float) -> Entry | None:
        """The entry that is worth least: not pinned before pinned, then by last use."""
        ...

    def audit(self) -> None:
        """Prove that every entry covers what it says; raises ``AuditError``."""
        ...


def as_tokens(tokens: Sequence[int] | Tokens) -> Tokens:
    """Token ids as an array."""
    return np.asarray(tokens, dtype=np.int32)


def common_length(one: Tokens, other: Tokens) -> int:
    """How many tokens two sequences have in common from the start."""
    shortest = min(len(one), len(other))
    differs = one[:shortest] != other[:shortest]
    first = int(differs.argmax()) if shortest else 0
    return first if shortest and differs[first] else shortest
