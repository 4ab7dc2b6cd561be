"""The exact account of KV memory: which sequence holds which cells, and who shares them.

A sequence id covers the cells of its first ``length`` tokens; sequences may share a prefix, whose
cells count once. Every change is also written to a journal of operations that the runner replays
on the native memory in the same order, and there it is told in positions, which are not as many as
tokens behind some pictures. This module knows no native code and no job.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from senryu.engine.llama.pictures import Span, extent

__all__ = [
    "AuditError",
    "CopyPrefix",
    "Cut",
    "LoadBlock",
    "Operation",
    "Release",
    "SaveBlock",
    "Slots",
]

_Cells = np.ndarray[Any, np.dtype[np.int32]]


class AuditError(Exception):
    """The account contradicts itself or the native memory: a defect, never a user's fault."""


@dataclass(frozen=True, slots=True)
class CopyPrefix:
    """Let ``target``, which is empty, share the cells of ``source`` before position ``length``."""

    source: int
    target: int
    length: int


@dataclass(frozen=True, slots=True)
class Release:
    """Drop everything of ``seq``, of whose cells ``num_freed`` were shared with nobody."""

    seq: int
    num_freed: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Drop the cells of ``seq`` from position ``length`` on."""

    seq: int
    length: int


@dataclass(frozen=True, slots=True)
class SaveBlock:
    """Copy the cells of positions ``start`` to ``end`` out of ``seq``, for ``key``.

    ``namespace`` is whose they are; ``expires`` when they may be forgotten, 0 for any time.
    """

    seq: int
    start: int
    end: int
    key: str
    namespace: str
    expires: float


@dataclass(frozen=True, slots=True)
class LoadBlock:
    """Append a saved block to ``seq``."""

    seq: int
    data: bytes


Operation = CopyPrefix | Release | Cut | SaveBlock | LoadBlock


class Slots:
    """Sequence ids and the cells they hold.

    Arguments:
        num_cells: tokens of KV memory.
        num_seqs: sequence ids, numbered from 0.
    """

    def __init__(self, num_cells: int, num_seqs: int) -> None:
        self.num_cells = num_cells
        self.num_seqs = num_seqs
        self._free_seqs = deque(range(num_seqs))
        self._free_cells: _Cells = np.arange(num_cells - 1, -1, -1, dtype=np.int32)
        self._num_free = num_cells
        self._num_refs: _Cells = np.zeros(num_cells, dtype=np.int32)
        self._num_shared = 0
        self._cells: dict[int, _Cells] = {}
        self._lengths: dict[int, int] = {}
        self._bends: dict[int, tuple[Span, ...]] = {}
        self._journal: list[Operation] = []

    @property
    def num_free_cells(self) -> int:
        """Cells that no sequence holds."""
        return self._num_free

    @property
    def num_used_cells(self) -> int:
        """Cells held by at least one sequence."""
        return self.num_cells - self._num_free

    @property
    def num_shared_cells(self) -> int:
        """Cells held by more than one sequence."""
        return self._num_shared

    @property
    def num_free_seqs(self) -> int:
        """Sequence ids that nobody has."""
        return len(self._free_seqs)

    @property
    def seqs(self) -> frozenset[int]:
        """Sequence ids that somebody has."""
        return frozenset(self._lengths)

    def length(self, seq: int) -> int:
        """How many tokens ``seq`` covers."""
        return self._lengths[seq]

    def extent(self, seq: int) -> int:
        """The position after the last token of ``seq``."""
        return self._extent(seq, self._lengths[seq])

    def show(self, seq: int, spans: Sequence[Span]) -> None:
        """Say where pictures are, and will be, among the tokens of ``seq``."""
        self._bends[seq] = tuple(s for s in spans if s.end - s.start != s.num_positions)

    def acquire(self) -> int:
        """A fresh, empty sequence id; there must be a free one."""
        seq = self._free_seqs.popleft()  # the one given back longest ago
        self._lengths[seq] = 0
        self._cells[seq] = np.empty(64, dtype=np.int32)
        self._bends[seq] = ()
        return seq

    def grow(self, seq: int, count: int) -> None:
        """Give ``seq`` ``count`` more cells; that many must be free."""
        if count > self._num_free:
            raise AuditError(f"sequence {seq} asks for {count} cells of {self._num_free} free")
        length = self._lengths[seq]
        taken = self._free_cells[self._num_free - count : self._num_free]
        self._held(seq, length + count)[length : length + count] = taken
        self._num_refs[taken] = 1
        self._num_free -= count
        self._lengths[seq] = length + count

    def share(self, source: int, target: int, length: int) -> None:
        """Let the empty ``target`` share the first ``length`` cells of ``source``."""
        if self._lengths[target] != 0 or length > self._lengths[source]:
            raise AuditError(f"sequence {target} cannot share {length} cells of {source}")
        cells = self._cells[source][:length]
        self._held(target, length)[:length] = cells
        refs = self._num_refs[cells] + 1
        self._num_refs[cells] = refs
        self._num_shared += int(np.count_nonzero(refs == 2))
        self._lengths[target] = length
        self._bends[target] = tuple(s for s in self._bends[source] if s.start < length)
        self._journal.append(CopyPrefix(source, target, self._extent(source, length)))

    def cut(self, seq: int, length: int) -> None:
        """Give back the cells of ``seq`` from position ``length`` on."""
        old = self._lengths[seq]
        if length > old:
            raise AuditError(f"sequence {seq} of {old} tokens cannot be cut to {length}")
        self._unhold(self._cells[seq][length:old])
        self._lengths[seq] = length
        self._journal.append(Cut(seq, self._extent(seq, length)))

    def save(
        self, seq: int, start: int, end: int, *, key: str, namespace: str, expires: float
    ) -> None:
        """Have the cells of the tokens from ``start`` to ``end`` copied out."""
        if not 0 <= start < end <= self._lengths[seq]:
            raise AuditError(f"sequence {seq} does not hold {start} to {end}")
        first, last = self._extent(seq, start), self._extent(seq, end)
        self._journal.append(SaveBlock(seq, first, last, key, namespace, expires))

    def load(self, seq: int, count: int, data: bytes) -> None:
        """Give ``seq`` ``count`` more cells and fill them with a saved block of that many."""
        self.grow(seq, count)
        self._journal.append(LoadBlock(seq, data))

    def release(self, seq: int) -> None:
        """Give the sequence id back, and every cell that nobody shares with it."""
        length = self._lengths.pop(seq)
        del self._bends[seq]
        num_freed = self._unhold(self._cells.pop(seq)[:length])
        self._free_seqs.append(seq)
        self._journal.append(Release(seq, num_freed))

    def take_journal(self) -> tuple[Operation, ...]:
        """What the native memory has still to be told, oldest first; empties the journal."""
        taken = tuple(self._journal)
        self._journal.clear()
        return taken

    def audit(self) -> None:
        """Prove the account: every cell is free or held, every reference has a holder.

        Raises:
            AuditError: it does not add up.
        """
        held = [self._cells[seq][:length] for seq, length in self._lengths.items()]
        flat = np.concatenate(held) if held else np.empty(0, dtype=np.int32)
        counted = np.bincount(flat, minlength=self.num_cells)
        if not np.array_equal(counted, self._num_refs):
            raise AuditError("cell reference counts differ from what sequences hold")
        if np.count_nonzero(counted > 1) != self._num_shared:
            raise AuditError("the number of shared cells differs from what sequences hold")
        free = self._free_cells[: self._num_free]
        expected = np.flatnonzero(counted == 0)
        if not np.array_equal(np.sort(free), expected):
            raise AuditError("free cells differ from cells that no sequence holds")
        ids = sorted([*self._free_seqs, *self._lengths])
        if ids != list(range(self.num_seqs)):
            raise AuditError("sequence ids were lost or given out twice")

    def _extent(self, seq: int, length: int) -> int:
        bends = self._bends[seq]
        return extent(bends, length) if bends else length

    def _unhold(self, cells: _Cells) -> int:
        """Take one holder from each cell; returns how many have none left."""
        refs = self._num_refs[cells] - 1
        self._num_refs[cells] = refs
        self._num_shared -= int(np.count_nonzero(refs == 1))
        freed = cells[refs == 0]
        self._free_cells[self._num_free : self._num_free + len(freed)] = freed
        self._num_free += len(freed)
        return len(freed)

    def _held(self, seq: int, length: int) -> NDArray[np.int32]:
        cells = self._cells[seq]
        if len(cells) < length:
            grown = np.empty(max(length, 2 * len(cells)), dtype=np.int32)
            grown[: len(cells)] = cells
            self._cells[seq] = cells = grown
        return cells
