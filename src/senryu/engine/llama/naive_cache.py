"""The obvious prefix cache: a list of entries, searched from end to end.

It is what a cleverer cache must agree with. It knows neither jobs nor native code.
"""

from collections.abc import Sequence

from senryu.engine.llama.cache import Entry, Hit, Tokens, as_tokens, common_length
from senryu.engine.llama.slots import AuditError, Slots

__all__ = ["NaiveCache"]


class NaiveCache:
    """A ``PrefixCache``.

    Arguments:
        slots: the memory that entries live in.
        cuttable: whether a part of an entry can be used; otherwise only the whole of one can.
    """

    def __init__(self, slots: Slots, *, cuttable: bool = True) -> None:
        self._slots = slots
        self._cuttable = cuttable
        self._entries: list[Entry] = []
        self._num_uses = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def seqs(self) -> frozenset[int]:
        """The sequence ids that entries own."""
        return frozenset(entry.seq for entry in self._entries)

    @property
    def num_tokens(self) -> int:
        """Tokens of all entries, common ones counted for each."""
        return sum(len(entry.tokens) for entry in self._entries)

    @property
    def num_uses(self) -> int:
        """How often an entry was added or used."""
        return self._num_uses

    def entries(self) -> Sequence[Entry]:
        """All entries."""
        return self._entries

    def lookup(self, namespace: str, tokens: Sequence[int] | Tokens) -> Hit | None:
        """The entry sharing most of the beginning of ``tokens``."""
        wanted = as_tokens(tokens)
        best: Hit | None = None
        for entry in self._entries:
            if entry.namespace != namespace:
                continue
            length = common_length(entry.tokens, wanted)
            if not self._cuttable and length < len(entry.tokens):
                continue
            if length > (best.length if best else 0):
                best = Hit(entry, length)
        if best is not None:
            self._use(best.entry)
        return best

    def insert(
        self,
        namespace: str,
        tokens: Sequence[int] | Tokens,
        seq: int,
        *,
        pinned_until: float = 0.0,
        points: tuple[int, ...] = (),
    ) -> Entry:
        """Add an entry; entries that are its prefixes, or equal, go."""
        new = Entry(namespace, as_tokens(tokens), seq, pinned_until, points=points)
        for old in list(self._entries):
            if old.namespace == namespace and self._replaces(new, old):
                new.inherit(old)
                self.take(old)
                self._slots.release(old.seq)
        self._entries.append(new)
        self._use(new)
        return new

    def take(self, entry: Entry) -> None:
        """Remove an entry."""
        self._entries.remove(entry)

    def next_victim(self, now: float) -> Entry | None:
        """Not pinned before pinned, then by last use."""
        return min(
            self._entries, key=lambda each: (each.pinned_until > now, each.last_use), default=None
        )

    def audit(self) -> None:
        """Every entry owns its sequence, which covers the entry's tokens."""
        if len(self.seqs) != len(self._entries):
            raise AuditError("two cache entries own one sequence")
        for entry in self._entries:
            if entry.seq not in self._slots.seqs:
                raise AuditError(f"cache entry owns the free sequence {entry.seq}")
            if self._slots.length(entry.seq) != len(entry.tokens):
                raise AuditError(f"cache entry differs in length from sequence {entry.seq}")

    def _replaces(self, new: Entry, old: Entry) -> bool:
        if not self._cuttable and len(new.tokens) != len(old.tokens):
            return False
        return common_length(new.tokens, old.tokens) == len(old.tokens)

    def _use(self, entry: Entry) -> None:
        self._num_uses += 1
        entry.last_use = self._num_uses
