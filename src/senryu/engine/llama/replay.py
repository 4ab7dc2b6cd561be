"""Makes the native memory follow the account of ``Slots``.

Cells are given back at once, for every cell that lies below the last used one costs each step a
look, whoever's it is. Only where replies must not depend on what ran before they are kept until
they, or their sequence ids, are needed: the attention of a sequence adds its cells up in the order
in which they lie, and rounding depends on that order. It is always the same as long as each token
lies behind those before it, and the native memory fills free cells from the lowest one on, so that
holds until cells are given back.
"""

from collections.abc import Iterable
from typing import Protocol

from senryu.engine.llama.slots import (
    AuditError,
    CopyPrefix,
    Cut,
    LoadBlock,
    Operation,
    Release,
    SaveBlock,
    Slots,
)

__all__ = ["NativeMemory", "Replay", "SavedBlocks"]


class NativeMemory(Protocol):
    """What a context can do to its memory."""

    def copy_prefix(self, source: int, target: int, length: int) -> None:
        """Let ``target`` share the first ``length`` cells of ``source``."""
        ...

    def clear(self, seq: int) -> None:
        """Drop everything of a sequence."""
        ...

    def cut(self, seq: int, length: int) -> None:
        """Drop everything of a sequence from position ``length`` on."""
        ...

    def save(self, seq: int, start: int, end: int) -> bytes:
        """Copy the cells of a sequence's positions out."""
        ...

    def load(self, seq: int, data: bytes) -> None:
        """Append what was saved to a sequence."""
        ...

    def covered(self, seq: int) -> int:
        """Tokens held of a sequence."""
        ...


class SavedBlocks(Protocol):
    """Where saved cells go."""

    def put(self, key: str, namespace: str, data: bytes, *, expires: float = 0.0) -> None:
        """Keep a block."""
        ...


class Replay:
    """The journal of ``slots``, played on ``memory``.

    Arguments:
        slots: the account.
        memory: what must follow it.
        blocks: where saved cells go.
        keep: whether cells are given back as late as possible.
    """

    def __init__(
        self, slots: Slots, memory: NativeMemory, blocks: SavedBlocks, *, keep: bool
    ) -> None:
        self._slots = slots
        self._memory = memory
        self._blocks = blocks
        self._keep = keep
        self._kept: set[int] = set()
        self._num_kept_cells = 0

    def play(self, operations: Iterable[Operation], *, used: Iterable[int] = ()) -> None:
        """Bring the memory up to date before a batch.

        Arguments:
            operations: the journal since the last call, the batch's growth being accounted for.
            used: sequence ids that the batch adds tokens to.
        """
        for operation in operations:
            self._do(operation)
        num_needed = self._slots.num_used_cells + self._num_kept_cells
        if num_needed > self._slots.num_cells or not self._kept.isdisjoint(used):
            self.give_back()

    def give_back(self) -> None:
        """Give back everything that was kept."""
        for seq in self._kept:
            self._memory.clear(seq)
        self._kept.clear()
        self._num_kept_cells = 0

    def audit(self) -> None:
        """Prove that the memory holds of every sequence what the account says.

        Raises:
            AuditError: it does not.
        """
        for seq in range(self._slots.num_seqs):
            expected = self._slots.extent(seq) if seq in self._slots.seqs else 0
            covered = self._memory.covered(seq)
            if covered != expected and seq not in self._kept:
                raise AuditError(f"sequence {seq} covers {covered} positions, not {expected}")

    def _do(self, operation: Operation) -> None:
        match operation:
            case CopyPrefix(source, target, length):
                if target in self._kept:
                    self.give_back()
                self._memory.copy_prefix(source, target, length)
            case Release(seq, num_freed):
                self._release(seq, num_freed)
            case Cut(seq, length):
                self._memory.cut(seq, length)
            case SaveBlock(seq, start, end, key, namespace, expires):
                data = self._memory.save(seq, start, end)
                self._blocks.put(key, namespace, data, expires=expires)
            case LoadBlock(seq, data):
                self.give_back()
                self._memory.load(seq, data)

    def _release(self, seq: int, num_freed: int) -> None:
        if not self._keep:
            self._memory.clear(seq)
        elif seq not in self._kept:
            self._kept.add(seq)
            self._num_kept_cells += num_freed
