"""Rows of tokens laid out for the native library: with ``binding`` the door to it.

It knows arrays and their addresses, and nothing of models and memory.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np

__all__ = ["BatchRow", "NativeBatch"]


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Consecutive tokens of one sequence.

    Arguments:
        seq: sequence id.
        start: position of the first token, which is how many the sequence holds already.
        tokens: at least one.
        outputs: how many of the last tokens' logits are wanted; not more than there are tokens.
    """

    seq: int
    start: int
    tokens: Sequence[int]
    outputs: int


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
                self._id_pointers[start:end] = self._id_addresses[row.seq]
                self._outputs[start : end - row.outputs] = 0
                self._outputs[end - row.outputs : end] = 1
        self.size = self.struct.n_tokens = end
