"""Rows of tokens and pictures laid out for the native library: with ``binding`` the door to it.

It knows arrays and their addresses, and nothing of models and memory.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false

import ctypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from senryu.engine.llama.sampler import Logits
from senryu.engine.llama.tiling import MANY_TOKENS, Tiling

__all__ = ["BatchRow", "NativeBatch", "PictureBatch", "decode_apart"]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Consecutive tokens of one sequence.

    Arguments:
        seq: sequence id.
        start: position of the first token.
        tokens: at least one.
        outputs: how many of the last tokens' logits are wanted; not more than there are tokens.
        embeddings: what is computed instead of the tokens, which are then no more than names: a
            picture's rows, ``[tokens, width]``.
        positions: of the tokens of a picture where positions have several dimensions,
            ``[dimensions, tokens]``, all but the last counted from ``start``; None where each token
            has the next position.
    """

    seq: int
    start: int
    tokens: Sequence[int]
    outputs: int
    embeddings: NDArray[np.float32] | None = None
    positions: NDArray[np.int32] | None = None


def decode_apart(
    rows: Sequence[BatchRow],
    decode: Callable[[Sequence[BatchRow], int], Logits],
    *,
    whole: bool,
    tiling: Tiling | None = None,
    spare_cells: int = 0,
) -> Logits:
    """Compute rows of different kinds one after another.

    A native batch holds tokens or embeddings. And one of many tokens makes the CPU's attention
    take a kernel that looks at 64 tokens at a time: what one of them may see is computed for all.
    It is the fastest for a prompt, whose tokens see the same; the last tokens of several replies
    beside it, each with a context of its own, would take longer than the prompt itself.

    Arguments:
        rows: what is to be computed, at least one.
        decode: computes rows of one kind and as many tokens that mean nothing as it is told; its
            result may be overwritten by the next.
        whole: whether each picture needs a batch of its own.
        tiling: tells which short parts of prompts are worth that kernel too; None for none.
        spare_cells: such tokens at most.

    Returns:
        the logits in the rows' order.
    """

    def added(some: Sequence[BatchRow]) -> int:
        count = _padding(some, tiling) if tiling and spare_cells else 0
        return count if count <= spare_cells else 0

    groups = list(_groups(rows, added, whole=whole))
    if len(groups) == 1:
        return decode(rows, added(rows))
    owners = np.repeat(np.arange(len(rows)), [row.outputs for row in rows])
    logits: Logits | None = None
    for group in groups:
        some = [rows[index] for index in group]
        computed = decode(some, added(some))
        if logits is None:
            logits = np.empty((len(owners), computed.shape[1]), dtype=np.float32)
        logits[np.isin(owners, group)] = computed
    assert logits is not None
    return logits


def _padding(rows: Sequence[BatchRow], tiling: Tiling) -> int:
    """How many tokens to add to a batch; 0 where that does not pay.

    Only parts of prompts are padded. A reply's tokens always take the same kernel, drafted or not,
    so that speculation does not change their rounding.
    """
    for row in rows:
        if row.outputs > 1 or len(row.tokens) == 1 or row.embeddings is not None:
            return 0
    return tiling.padding((row.start, len(row.tokens)) for row in rows)


def _groups(
    rows: Sequence[BatchRow], added: Callable[[Sequence[BatchRow]], int], *, whole: bool
) -> Iterator[list[int]]:
    """The places of rows that are computed together: pictures, long runs, the others."""
    pictures: list[int] = []
    runs: list[int] = []
    others: list[int] = []
    num_others = 0
    for index, row in enumerate(rows):
        if row.embeddings is not None:
            pictures.append(index)
        elif len(row.tokens) >= MANY_TOKENS or added([row]):
            runs.append(index)
        else:
            others.append(index)
            num_others += len(row.tokens)
    if num_others >= MANY_TOKENS:  # they take that kernel anyway
        runs, others = sorted(runs + others), []
    yield from ([each] for each in pictures) if whole else [pictures] if pictures else []
    yield from filter(None, (runs, others))


class NativeBatch:
    """A ``llama_batch`` over numpy arrays, so that filling it costs a few slice assignments.

    Arguments:
        capacity: tokens.
        owners: the native ids of each sequence, as many of each.
    """

    def __init__(self, capacity: int, owners: Sequence[tuple[int, ...]]) -> None:
        self._tokens: Any = np.zeros(capacity, dtype=np.int32)
        self._positions: Any = np.zeros(capacity, dtype=np.int32)
        self._num_ids: Any = np.full(capacity, len(owners[0]), dtype=np.int32)
        self._outputs: Any = np.zeros(capacity, dtype=np.int8)
        # seq_id is an array of pointers, one for each token, to the ids of its sequence
        self._ids: Any = np.array(owners, dtype=np.int32)
        self._id_pointers: Any = np.zeros(capacity, dtype=np.uint64)
        base, stride = self._ids.ctypes.data, self._ids.strides[0]
        self._id_addresses = [base + stride * seq for seq in range(len(owners))]
        self.size = 0
        self.struct = llama_cpp.llama_batch()
        int32 = ctypes.POINTER(ctypes.c_int32)
        self.struct.token = self._tokens.ctypes.data_as(int32)
        self.struct.pos = self._positions.ctypes.data_as(int32)
        self.struct.n_seq_id = self._num_ids.ctypes.data_as(int32)
        self.struct.seq_id = self._id_pointers.ctypes.data_as(ctypes.POINTER(int32))
        self.struct.logits = self._outputs.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def fill(self, rows: Sequence[BatchRow]) -> None:
        """Lay the rows out one after another."""
        end = 0
        for row in rows:
            start, end = end, end + len(row.tokens)
            if end == start + 1:  # a decode: plain item writes are faster than slices
                self._tokens[start] = row.tokens[0]
                self._positions[start] = row.start
                self._id_pointers[start] = self._id_addresses[row.seq]
                self._outputs[start] = row.outputs
            else:
                self._tokens[start:end] = row.tokens
                self._positions[start:end] = np.arange(row.start, row.start + end - start)
                self._own(row, start, end)
        self.size = self.struct.n_tokens = end

    def _own(self, row: BatchRow, start: int, end: int) -> None:
        """Say whose these tokens are, and of which the logits are wanted."""
        self._id_pointers[start:end] = self._id_addresses[row.seq]
        self._outputs[start : end - row.outputs] = 0
        self._outputs[end - row.outputs : end] = 1


class PictureBatch(NativeBatch):
    """The same for rows with embeddings, which all of them have.

    Arguments:
        capacity: tokens.
        owners: the native ids of each sequence, as many of each.
        width: of the model's input.
        dimensions: of positions.
    """

    def __init__(
        self, capacity: int, owners: Sequence[tuple[int, ...]], *, width: int, dimensions: int
    ) -> None:
        super().__init__(capacity, owners)
        self._dimensions = dimensions
        self._rows: Any = np.zeros((capacity, width), dtype=np.float32)
        self._sections: Any = np.zeros(capacity * dimensions, dtype=np.int32)
        self.struct.token = None
        self.struct.embd = self._rows.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        self.struct.pos = self._sections.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))

    def fill(self, rows: Sequence[BatchRow]) -> None:
        """Lay the rows out one after another."""
        self.size = self.struct.n_tokens = sum(len(row.tokens) for row in rows)
        # one dimension after the other, each of all tokens
        sections = self._sections[: self.size * self._dimensions].reshape(self._dimensions, -1)
        end = 0
        for row in rows:
            start, end = end, end + len(row.tokens)
            self._rows[start:end] = row.embeddings
            if row.positions is None:
                sections[:, start:end] = np.arange(row.start, row.start + end - start)
            else:
                sections[:, start:end] = row.positions
                sections[:-1, start:end] += row.start
            self._own(row, start, end)
