"""The obvious prefix cache: a list of entries, searched from end to end, evicted by last use.

It is what a cleverer cache must agree with. It knows neither jobs nor native code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from senryu.engine.llama.cache import Hit
from senryu.engine.llama.slots import AuditError, Slots

__all__ = ["NaiveCache"]

_Tokens = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(slots=True, eq=False)
class _Entry:
    namespace: str
    tokens: _Tokens
    seq: int
    last_use: int


class NaiveCache:
    """A ``PrefixCache`` with bounds.

    Arguments:
        slots: the memory that entries live in.
        max_entries: sequences it holds at most.
        max_tokens: tokens of all entries together, shared ones counted for each; the newest entry
            stays, however long it is.
    """

    def __init__(self, slots: Slots, *, max_entries: int, max_tokens: int) -> None:
        self._slots = slots
        self._max_entries = max_entries
        self._max_tokens = max_tokens
        self._entries: list[_Entry] = []
        self._num_uses = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def seqs(self) -> frozenset[int]:
        """The sequence ids that entries own."""
        return frozenset(entry.seq for entry in self._entries)

    def lookup(self, namespace: str, tokens: Sequence[int]) -> Hit | None:
        """The entry sharing most of the beginning of ``tokens``."""
        wanted = np.asarray(tokens, dtype=np.int32)
        best: _Entry | None = None
        best_length = 0
        for entry in self._entries:
            if entry.namespace != namespace:
                continue
            length = _common_length(entry.tokens, wanted)
            if length > best_length:
                best, best_length = entry, length
        if best is None:
            return None
        best.last_use = self._next_use()
        return Hit(best.seq, best_length)

    def insert(self, namespace: str, tokens: Sequence[int], seq: int) -> None:
        """Add an entry; entries that are its prefixes go, and the oldest one past the bound."""
        if self._max_entries == 0 or not tokens:
            self._slots.release(seq)
            return
        new = np.asarray(tokens, dtype=np.int32)
        for entry in list(self._entries):
            if entry.namespace == namespace and _is_prefix(entry.tokens, new):
                self._drop(entry)
        while self._entries and self._is_full(len(new)):
            self.evict()
        self._entries.append(_Entry(namespace, new, seq, self._next_use()))

    def _is_full(self, num_new: int) -> bool:
        num_tokens = num_new + sum(len(entry.tokens) for entry in self._entries)
        return len(self._entries) >= self._max_entries or num_tokens > self._max_tokens

    def evict(self) -> bool:
        """Release the entry that was not used for longest."""
        if not self._entries:
            return False
        self._drop(min(self._entries, key=lambda entry: entry.last_use))
        return True

    def clear(self) -> None:
        """Release every entry."""
        while self.evict():
            pass

    def audit(self) -> None:
        """Every entry owns its sequence, which covers the entry's tokens."""
        if len(self.seqs) != len(self._entries):
            raise AuditError("two cache entries own one sequence")
        for entry in self._entries:
            if entry.seq not in self._slots.seqs:
                raise AuditError(f"cache entry owns the free sequence {entry.seq}")
            if self._slots.length(entry.seq) != len(entry.tokens):
                raise AuditError(f"cache entry differs in length from sequence {entry.seq}")

    def _drop(self, entry: _Entry) -> None:
        self._entries.remove(entry)
        self._slots.release(entry.seq)

    def _next_use(self) -> int:
        self._num_uses += 1
        return self._num_uses


def _common_length(one: _Tokens, other: _Tokens) -> int:
    shortest = min(len(one), len(other))
    differs = one[:shortest] != other[:shortest]
    return int(np.argmax(differs)) if differs.any() else shortest


def _is_prefix(one: _Tokens, other: _Tokens) -> bool:
    return len(one) <= len(other) and _common_length(one, other) == len(one)
