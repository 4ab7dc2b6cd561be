"""Writes tiny GGUF files, whole or damaged, for tests of what reads their headers or runs them.

Source of the layout: the GGUF specification of ggml (docs/gguf.md there), version 3.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["Value", "write_gguf"]

Value = str | bool | int | float | Sequence[int] | Sequence[float] | Sequence[str]
_ALIGNMENT = 32  # of the weights, unless the file says otherwise


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    kind = {str: 8, float: 6}.get(type(value[0]), 5) if value else 5
    items = b"".join(map(_item, value))
    return struct.pack("<IIQ", 9, kind, len(value)) + items


def _item(item: str | int | float) -> bytes:
    if isinstance(item, str):
        return _string(item)
    return struct.pack("<f" if isinstance(item, float) else "<i", item)


def _tensor(name: str, shape: Sequence[int], offset: int) -> bytes:
    sizes = b"".join(struct.pack("<Q", size) for size in shape)
    return _string(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", 0, offset)


def _padding(size: int) -> bytes:
    return bytes(-size % _ALIGNMENT)


def write_gguf(
    file: Path,
    metadata: Mapping[str, Value] | None = None,
    *,
    tensors: Sequence[tuple[int, ...]] = (),
    weights: Mapping[str, NDArray[np.float32]] | None = None,
) -> Path:
    """Write a GGUF file with these keys and tensors.

    Arguments:
        file: where to.
        metadata: keys to values.
        tensors: the dimensions of each tensor of a file that has no weights.
        weights: names to tensors of a file that has them, the axes in numpy's order: the last
            one is the first of the file's.
    """
    keys = metadata or {"general.architecture": "llama"}
    weights = weights or {}
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(tensors) + len(weights), len(keys))]
    parts += [_string(key) + _value(value) for key, value in keys.items()]
    parts += [_tensor(f"t{index}", shape, 0) for index, shape in enumerate(tensors)]
    offset = 0
    for name, array in weights.items():
        parts.append(_tensor(name, array.shape[::-1], offset))
        offset += array.nbytes + len(_padding(array.nbytes))
    if weights:
        parts.append(_padding(sum(map(len, parts))))
        parts += [array.tobytes() + _padding(array.nbytes) for array in weights.values()]
    file.write_bytes(b"".join(parts))
    return file
