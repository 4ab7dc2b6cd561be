"""Prepares the embedded model, once: requantizes the shipped file to the format that suits CPUs.

The result lies in the cache folder, named by the shipped file's checksum and the format. It knows
nothing of other models. Why this format: benchmarks/results/quantization.md.
"""

import ctypes
import hashlib
import os
import tempfile
from pathlib import Path

import llama_cpp
from filelock import FileLock

from senryu.engine.cache_folder import cache_folder
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.shipped import shipped_file
from senryu.errors import StartupError

__all__ = ["FORMAT", "prepare", "quantize"]

FORMAT = "Q8_0"
"""The chosen format, made from the shipped Q4_1: faster than it, and no worse (docs/models.md)."""

_FTYPES = {
    "Q4_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0,
    "Q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "IQ4_NL": llama_cpp.LLAMA_FTYPE_MOSTLY_IQ4_NL,
}


def prepare() -> Path:
    """The embedded model in ``FORMAT``, made now if no process has made it yet.

    Raises:
        StartupError: the shipped file is missing or the cache folder cannot be written.
    """
    source = shipped_file()
    folder = cache_folder() / "embedded"
    target = folder / f"smollm2-135m-instruct.{_checksum(source)}.{FORMAT}.gguf"
    if target.is_file():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock")):
            if not target.is_file():
                _quantize_atomically(source, target)
    except OSError as error:
        raise StartupError(
            f"the embedded model cannot be prepared in {folder}: {error.strerror or error};"
            " set SENRYU_CACHE_DIR to a folder that can be written"
        ) from None
    return target


def quantize(source: Path, target: Path, form: str) -> None:
    """Write ``source`` again in another format, also from an already quantized one.

    Arguments:
        source: an existing GGUF file.
        target: the file to write; an existing one is replaced.
        form: ``Q4_0``, ``Q8_0`` or ``IQ4_NL``.

    Raises:
        StartupError: the native library refused; its log says why.
    """
    quiet_logs()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = _FTYPES[form]
    params.allow_requantize = True
    if llama_cpp.llama_model_quantize(
        os.fsencode(source), os.fsencode(target), ctypes.pointer(params)
    ):
        raise StartupError(f"{source} cannot be requantized to {form}; is the disk full?")


def _quantize_atomically(source: Path, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=target.stem, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        quantize(source, part, FORMAT)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _checksum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]
