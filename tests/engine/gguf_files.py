"""Writes tiny GGUF files, whole or damaged, for tests of what reads their headers."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["write_gguf"]

Value = str | int | Sequence[int] | Sequence[str]


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(value: Value) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    kind = 8 if value and isinstance(value[0], str) else 4
    items = b"".join(
        _string(item) if isinstance(item, str) else struct.pack("<I", item) for item in value
    )
    return struct.pack("<IIQ", 9, kind, len(value)) + items


def write_gguf(
    file: Path,
    metadata: Mapping[str, Value] | None = None,
    *,
    tensors: Sequence[tuple[int, ...]] = (),
) -> Path:
    """Write a GGUF file with these keys and tensor shapes, and no weights.

    Arguments:
        file: where to.
        metadata: keys to values.
        tensors: the dimensions of each tensor.
    """
    keys = metadata or {"general.architecture": "llama"}
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(keys))]
    parts += [_string(key) + _value(value) for key, value in keys.items()]
    for index, shape in enumerate(tensors):
        sizes = b"".join(struct.pack("<Q", size) for size in shape)
        parts.append(_string(f"t{index}") + struct.pack("<I", len(shape)) + sizes)
        parts.append(struct.pack("<IQ", 0, 0))
    file.write_bytes(b"".join(parts))
    return file
