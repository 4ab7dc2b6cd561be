"""Everything that keeps prompts from being computed twice, behind one door for the scheduler.

Three things work together: entries in native memory (``PrefixCache``), blocks saved outside it
(``Blocks``), and the lifetimes that requests asked for. An entry that has to go is saved first; a
prompt takes the longest beginning that any of them holds. This module knows no native code: it
writes into the journal of ``Slots`` what is to be copied.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from senryu.core import CachedPrefix, CachePoint
from senryu.engine.llama.cache import Entry, PrefixCache, Tokens
from senryu.engine.llama.digests import prefix_digests
from senryu.engine.llama.lifetimes import Lifetimes
from senryu.engine.llama.pictures import whole_length
from senryu.engine.llama.slots import Slots

__all__ = ["BLOCK_TOKENS", "Blocks", "CacheLimits", "Found", "PromptCache", "Source"]

BLOCK_TOKENS = 128
"""Tokens of a saved block: small enough to save one beside a decode step, about 1 ms of copying for
3 MB of the embedded model; large enough that a long prompt has few."""

_WRITE_S = 5.0  # the list of living entries is written this often while jobs run


class Blocks(Protocol):
    """Saved blocks, wherever they are."""

    def __contains__(self, key: str) -> bool:
        """Whether a block is (probably) there."""
        ...

    def get(self, key: str) -> bytes | None:
        """A block's bytes, verified; None if it is not there after all."""
        ...

    def extend(self, keys: Iterable[str], expires: float) -> None:
        """Keep blocks until a time at least."""
        ...

    def forget(self, namespace: str) -> None:
        """Drop a namespace's blocks."""
        ...

    def write_entries(self, data: bytes) -> None:
        """Remember the living entries."""
        ...


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """Bounds and abilities.

    Arguments:
        max_entries: entries in native memory; 0 keeps nothing anywhere.
        max_tokens: tokens that they cover together; the newest one stays, however long it is.
        cuttable: whether a part of a sequence's memory can be shared, saved and dropped.
        saves: whether blocks are kept when an entry leaves native memory.
    """

    max_entries: int
    max_tokens: int
    cuttable: bool = True
    saves: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """A sequence whose first ``length`` tokens can be shared."""

    seq: int
    length: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A saved block's place in its sequence, and its bytes."""

    start: int
    end: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """How the beginning of a prompt can be had without computing it.

    Arguments:
        source: what is shared first, None for nothing.
        blocks: what is loaded behind it.
        entry: whose use it is, if an entry's.
    """

    source: Source | None = None
    blocks: tuple[_Block, ...] = ()
    entry: Entry | None = None

    @property
    def length(self) -> int:
        """Tokens of the prompt that need no computing."""
        if self.blocks:
            return self.blocks[-1].end
        return self.source.length if self.source else 0


class PromptCache:
    """What is kept of earlier sequences.

    Arguments:
        slots: the memory.
        entries: the entries in it, on the same ``slots``.
        blocks: what is kept outside it.
        lifetimes: what requests asked to keep.
        limits: bounds of the entries.
        clock: the time in wall-clock seconds.
    """

    def __init__(
        self,
        slots: Slots,
        entries: PrefixCache,
        blocks: Blocks,
        *,
        lifetimes: Lifetimes,
        limits: CacheLimits,
        clock: Callable[[], float],
    ) -> None:
        self._slots = slots
        self._entries = entries
        self._blocks = blocks
        self._lifetimes = lifetimes
        self._limits = limits
        self._clock = clock
        self._unsaved: deque[Entry] = deque()
        self._is_changed = False  # the living entries, since they were written down
        self._written_at = clock()
        self.num_saved_blocks = 0
        self.num_loaded_blocks = 0

    @property
    def reuses(self) -> bool:
        """Whether anything is kept at all."""
        return self._limits.max_entries > 0

    @property
    def cuttable(self) -> bool:
        """Whether a part of a sequence can be used."""
        return self._limits.cuttable

    @property
    def seqs(self) -> frozenset[int]:
        """The sequence ids that entries own."""
        return self._entries.seqs

    @property
    def num_entries(self) -> int:
        """Entries in native memory."""
        return len(self._entries)

    @property
    def num_uses(self) -> int:
        """A count that grows with every use of an entry: what ``tidy`` calls idle is told in it."""
        return self._entries.num_uses

    # Reading

    def find(self, namespace: str, tokens: Tokens, *, ends: Iterable[int], other: Source) -> Found:
        """The longest beginning of ``tokens`` that can be had.

        Arguments:
            namespace: whose tokens they are.
            tokens: what is wanted, without what has to be computed in any case.
            ends: places where saved blocks may end besides the usual ones.
            other: a running sequence that could be shared, of length 0 for none.
        """
        if not self.reuses or not len(tokens):
            return Found()
        hit = self._entries.lookup(namespace, tokens)
        source, entry = other, None
        length = hit.length if hit is not None else 0
        if self.cuttable:
            length = whole_length(tokens, length)
        if hit is not None and length >= other.length:
            source, entry = Source(hit.entry.seq, length), hit.entry
        blocks = self._stored(namespace, tokens, ends=ends, known=source.length)
        if not blocks:
            return Found(source if source.length else None, entry=entry)
        shared = min(source.length, blocks[0].start)
        return Found(Source(source.seq, shared) if shared else None, blocks, entry)

    def attach(self, found: Found, seq: int) -> None:
        """Give the empty ``seq`` what was found; cells for what is loaded must be free."""
        for block in found.blocks:
            self._slots.load(seq, block.end - block.start, block.data)
        self.num_loaded_blocks += len(found.blocks)
        if found.entry is not None:
            found.entry.num_hits += 1

    def read(
        self, namespace: str, tokens: Tokens, points: Sequence[CachePoint], *, length: int
    ) -> int:
        """Use the living entries that cache points find in the first ``length`` tokens.

        Returns the length of the longest one, 0 if there is none.
        """
        places = {point.position for point in points}.union(*(point.lookback for point in points))
        ends = sorted(place for place in places if 0 < place <= length)
        now = self._clock()
        self._is_changed = self._is_changed or bool(ends)
        read = {
            end: expires
            for end, key in zip(ends, prefix_digests(namespace, tokens, ends), strict=True)
            if (expires := self._lifetimes.read(key, now)) is not None
        }
        if not read:
            return 0
        self._prolong(namespace, tokens, ends=tuple(read), expires=max(read.values()))
        return max(read)

    # Keeping

    def write(self, namespace: str, tokens: Tokens, points: Sequence[CachePoint]) -> float:
        """Let an entry live for each cache point; returns when the last of them ends."""
        latest, now = 0.0, self._clock()
        ends = [point.position for point in points]
        for point, key in zip(points, prefix_digests(namespace, tokens, ends), strict=True):
            expires = self._lifetimes.write(
                key,
                namespace=namespace,
                length=point.position,
                lifetime_s=point.lifetime_s,
                now=now,
            )
            latest = max(latest, expires)
        if ends:
            self._is_changed = True
            self._prolong(namespace, tokens, ends=tuple(ends), expires=latest)
        return latest

    def keep(
        self,
        namespace: str,
        tokens: Sequence[int],
        seq: int,
        *,
        pinned_until: float = 0.0,
        points: tuple[int, ...] = (),
    ) -> None:
        """Take over a sequence that covers exactly ``tokens``.

        Arguments:
            namespace: whose it is.
            tokens: what the sequence holds.
            seq: the sequence id.
            pinned_until: when the last of its cache points ends, 0 for none.
            points: the positions of its cache points.
        """
        if not self.reuses or not tokens:
            self._slots.release(seq)
            return
        entry = self._entries.insert(namespace, tokens, seq, points=points)
        self._pin(entry, pinned_until)
        while self._is_full():
            self.evict()

    def evict(self) -> bool:
        """Move the entry that is worth least out of native memory; False when there is none."""
        victim = self._entries.next_victim(self._clock())
        if victim is None:
            return False
        self._save(victim, max_blocks=len(victim.tokens))
        self._drop(victim)
        return True

    def tidy(self, *, idle_since: int, max_blocks: int) -> bool:
        """Save what should be saved, and move out what nobody used; a little of it.

        Arguments:
            idle_since: entries last used at or before this count of uses are idle; 0 for none.
            max_blocks: how many blocks may be copied now.

        Returns whether there was anything to do.
        """
        if not self._limits.saves:
            return False
        if self._is_changed and (not idle_since or self._clock() > self._written_at + _WRITE_S):
            self._write_living()
        num_left = max_blocks
        while num_left > 0:
            idle = self._idle(idle_since)
            entry = idle or self._next_unsaved()
            if entry is None:
                break
            num_saved, is_whole = self._save(entry, max_blocks=num_left)
            if is_whole:
                self._drop(entry) if idle else self._unsaved.popleft()
            num_left -= max(1, num_saved)
        return num_left < max_blocks

    def kept(self, namespace: str) -> tuple[CachedPrefix, ...]:
        """What is kept of a namespace: the living entries, then what is in native memory."""
        now = self._clock()
        living = (
            CachedPrefix(each.length, each.num_reads, each.lifetime_s, each.expires - now)
            for _, each in self._lifetimes.alive(now)
            if each.namespace == namespace
        )
        entries = (
            CachedPrefix(len(entry.tokens), entry.num_hits)
            for entry in self._entries.entries()
            if entry.namespace == namespace
        )
        return (*living, *entries)

    def forget(self, namespace: str) -> None:
        """Forget everything of a namespace."""
        for entry in list(self._entries.entries()):
            if entry.namespace == namespace:
                self._drop(entry)
        self._lifetimes.forget(namespace)
        self._blocks.forget(namespace)
        self._write_living()

    def audit(self) -> None:
        """Prove the entries' account; raises ``AuditError``."""
        self._entries.audit()

    def _is_full(self) -> bool:
        if len(self._entries) <= 1:
            return len(self._entries) > self._limits.max_entries
        return (
            len(self._entries) > self._limits.max_entries
            or self._entries.num_tokens > self._limits.max_tokens
        )

    def _pin(self, entry: Entry, until: float) -> None:
        """Keep an entry longer than others, and have it saved."""
        if until > entry.pinned_until:
            entry.pinned_until = until
        if entry.pinned_until and self._limits.saves and entry not in self._unsaved:
            entry.num_saved = 0
            self._unsaved.append(entry)

    def _idle(self, since: int) -> Entry | None:
        """The entry used longest ago, if that is idle."""
        entry = min(self._entries.entries(), key=lambda each: each.last_use, default=None)
        return entry if entry is not None and entry.last_use <= since else None

    def _next_unsaved(self) -> Entry | None:
        """The next entry in native memory that a request wants to be kept and that is not saved."""
        entries = self._entries.entries() if self._unsaved else ()
        while self._unsaved and self._unsaved[0] not in entries:
            self._unsaved.popleft()
        return self._unsaved[0] if self._unsaved else None

    def _write_living(self) -> None:
        """Have the list of living entries written down."""
        self._is_changed, self._written_at = False, self._clock()
        self._blocks.write_entries(self._lifetimes.dump(self._written_at))

    def _drop(self, entry: Entry) -> None:
        self._entries.take(entry)
        self._slots.release(entry.seq)

    # Blocks

    def _stored(
        self, namespace: str, tokens: Tokens, *, ends: Iterable[int], known: int
    ) -> tuple[_Block, ...]:
        """Blocks that together reach further than ``known``, gapless from there or before."""
        if not self._limits.saves:
            return ()
        layout = self._layout(tokens, ends)
        digests = prefix_digests(namespace, tokens, [end for _, end in layout])
        keys = dict(zip(layout, digests, strict=True))
        chain: list[tuple[int, int]] = []
        reached = known
        for start, end in layout:
            if start > reached:
                break
            if end > reached and keys[start, end] in self._blocks:
                while chain and chain[-1][0] >= start:
                    chain.pop()  # a longer block of the same place
                chain.append((start, end))
                reached = end
        # From the end, so that the first blocks, without which the others are worth nothing, count
        # as used last.
        data = {place: self._blocks.get(keys[place]) for place in reversed(chain)}
        loaded: list[_Block] = []
        for start, end in chain:
            found = data[start, end]
            if found is None:
                break
            loaded.append(_Block(start, end, found))
        return tuple(loaded)

    def _layout(self, tokens: Tokens, ends: Iterable[int]) -> list[tuple[int, int]]:
        """Places of the blocks of some tokens: whole ones, and partial ones up to ``ends``.

        Where one would cut a picture, it ends before it, and the next one has all of it.
        """
        length = len(tokens)
        if not self._limits.cuttable:
            return [(0, end) for end in sorted({end for end in ends if 0 < end <= length})]
        usual = range(BLOCK_TOKENS, length + 1, BLOCK_TOKENS)
        wanted = {*usual, *(end for end in ends if 0 < end <= length)}
        places = sorted({whole_length(tokens, end) for end in wanted} - {0})
        starts = [whole_length(tokens, (end - 1) // BLOCK_TOKENS * BLOCK_TOKENS) for end in places]
        return list(zip(starts, places, strict=True))

    def _save(self, entry: Entry, *, max_blocks: int) -> tuple[int, bool]:
        """Save missing blocks of an entry, at most so many, each once, the last one first.

        Returns how many were saved, and whether there are no others.
        """
        if not self._limits.saves:
            return 0, True
        layout = self._layout(entry.tokens, (*entry.points, len(entry.tokens)))
        if not self._limits.cuttable:
            layout = layout[-1:]  # its other states are other entries
        keys = prefix_digests(entry.namespace, entry.tokens, [end for _, end in layout])
        num_saved = 0
        is_whole = True
        left = list(zip(layout, keys, strict=True))[: len(layout) - entry.num_saved]
        for (start, end), key in reversed(left):
            # Only what comes before the last cache point was asked to live.
            living = bool(entry.points) and end <= max(entry.points)
            expires = entry.pinned_until if living else 0.0
            if key in self._blocks:
                if expires:
                    self._blocks.extend([key], expires)
            elif num_saved < max_blocks:
                self._slots.save(
                    entry.seq, start, end, key=key, namespace=entry.namespace, expires=expires
                )
                num_saved += 1
            else:
                is_whole = False
                break
            entry.num_saved += 1
        self.num_saved_blocks += num_saved
        return num_saved, is_whole

    def _prolong(
        self, namespace: str, tokens: Tokens, *, ends: tuple[int, ...], expires: float
    ) -> None:
        """Keep cells and blocks as long as the living entries that end at ``ends``."""
        for end in ends:
            hit = self._entries.lookup(namespace, tokens[:end])
            if hit is not None and hit.length == end:
                self._pin(hit.entry, expires)
        if self._limits.saves:
            layout = self._layout(tokens[: max(ends)], ends)
            keys = prefix_digests(namespace, tokens, [end for _, end in layout])
            self._blocks.extend(keys, expires)
