"""The native library's eyes behind a typed class: a projector file that turns pictures to rows.

It translates values and nothing else, as ``binding`` does. Source of what runs, chunks and
positions mean: llama.cpp's tools/mtmd (mtmd.h, and mtmd-helper.cpp for how they are decoded).
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false
# pyright: reportOptionalMemberAccess=false, reportOptionalSubscript=false

import ctypes
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from senryu.core import Image
from senryu.engine.llama.binding import Model, NativeError
from senryu.engine.llama.native_log import first_error, forget_errors, log_callback

try:
    from llama_cpp import mtmd_cpp
except (FileNotFoundError, RuntimeError):  # the library was built without
    mtmd_cpp = None

__all__ = ["Embeddings", "PictureRun", "Projector", "Run"]

Embeddings = NDArray[np.float32]
"""Rows that take the place of tokens: ``[tokens, width of the model's input]``."""

_TEXT = 0  # enum mtmd_input_chunk_type


@dataclass(frozen=True, slots=True)
class PictureRun:
    """Neighbouring tokens of a picture that are computed from rows.

    Arguments:
        num_tokens: how many.
        num_positions: by how much the position behind them is greater than that of the first.
        positions: for models with positions of several dimensions, those of each token relative
            to the first, ``[dimensions, tokens]``; None where each token has the next position.
    """

    num_tokens: int
    num_positions: int
    positions: NDArray[np.int32] | None


Run = tuple[int, ...] | PictureRun
"""What a picture consists of: tokens of the vocabulary, mostly markers, and runs of rows."""


class Projector:
    """A projector (mmproj) file, loaded for one model.

    Attributes:
        is_whole: whether the tokens of a run attend to those behind them, so that a run has to be
            computed in one batch.
        bends: whether positions have several dimensions (M-RoPE).

    Arguments:
        path: the file.
        model: the model that its rows are made for.
        threads: native threads for ``encode``.

    Raises:
        NativeError: it cannot be loaded, or is not for this model, or not for pictures.
    """

    def __init__(self, path: Path, model: Model, *, threads: int) -> None:
        if mtmd_cpp is None:
            raise NativeError("the installed llama-cpp-python was built without its vision library")
        mtmd_cpp.mtmd_helper_log_set(log_callback, None)
        params = mtmd_cpp.mtmd_context_params_default()
        params.print_timings = False
        params.warmup = False
        params.n_threads = threads
        forget_errors()
        handle = mtmd_cpp.mtmd_init_from_file(str(path).encode(), model.handle, params)
        if not handle:
            raise NativeError(first_error() or "unknown reason")
        self._handle = handle
        if not mtmd_cpp.mtmd_support_vision(handle):
            self.close()
            raise NativeError("it is not for pictures")
        self._width = int(llama_cpp.llama_model_n_embd_inp(model.handle))
        self.is_whole = bool(mtmd_cpp.mtmd_decode_use_non_causal(handle, None))
        self.bends = bool(mtmd_cpp.mtmd_decode_use_mrope(handle))

    def close(self) -> None:
        """Free it; before the model."""
        mtmd_cpp.mtmd_free(self._handle)

    def layout(self, width: int, height: int) -> tuple[Run, ...]:
        """What a picture of this size consists of. Safe from any thread.

        Raises:
            NativeError: the library has no form for such a picture.
        """
        bitmap = mtmd_cpp.mtmd_bitmap_init(width, height, None)
        with self._chunks(bitmap) as chunks:
            return tuple(map(self._run, chunks))

    def encode(self, image: Image) -> list[Embeddings]:
        """The rows of each of a picture's ``PictureRun``s. From one thread at a time.

        Raises:
            NativeError: the file is not a picture of the stated size, or the computation failed.
        """
        with self._chunks(self._decoded(image)) as chunks:
            return [
                self._encoded(chunk)
                for chunk in chunks
                if mtmd_cpp.mtmd_input_chunk_get_type(chunk) != _TEXT
            ]

    def _decoded(self, image: Image) -> Any:
        data = (ctypes.c_uint8 * len(image.data)).from_buffer_copy(image.data)
        options = mtmd_cpp.mtmd_helper_init_opt_default()
        bitmap = mtmd_cpp.mtmd_helper_bitmap_init_from_buf(
            self._handle, data, len(data), False, options
        )
        if not bitmap:
            raise NativeError("a picture's file cannot be read")
        size = mtmd_cpp.mtmd_bitmap_get_nx(bitmap), mtmd_cpp.mtmd_bitmap_get_ny(bitmap)
        if mtmd_cpp.mtmd_bitmap_is_audio(bitmap) or size != (image.width, image.height):
            mtmd_cpp.mtmd_bitmap_free(bitmap)
            raise NativeError("a picture's file is of another size than was said")
        return bitmap

    @contextmanager
    def _chunks(self, bitmap: Any) -> Generator[list[Any]]:
        """What the library makes of a bitmap, which is freed."""
        chunks = mtmd_cpp.mtmd_input_chunks_init()
        part = mtmd_cpp.mtmd_input_part(text=None, bitmap=bitmap)
        parts = (ctypes.POINTER(mtmd_cpp.mtmd_input_part) * 1)(ctypes.pointer(part))
        try:
            forget_errors()
            code = mtmd_cpp.mtmd_tokenize_from_parts(self._handle, chunks, parts, 1, False)
            if code != 0:
                raise NativeError(first_error() or "a picture cannot be laid out")
            count = mtmd_cpp.mtmd_input_chunks_size(chunks)
            yield [mtmd_cpp.mtmd_input_chunks_get(chunks, index) for index in range(count)]
        finally:
            mtmd_cpp.mtmd_input_chunks_free(chunks)
            mtmd_cpp.mtmd_bitmap_free(bitmap)

    def _run(self, chunk: Any) -> Run:
        count = ctypes.c_size_t(mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk))
        if mtmd_cpp.mtmd_input_chunk_get_type(chunk) == _TEXT:
            tokens = mtmd_cpp.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
            ids: tuple[int, ...] = tuple(tokens[: count.value])
            if min(ids) < 0:
                raise NativeError("the model's vocabulary lacks a marker of its projector")
            return ids
        num_positions = int(mtmd_cpp.mtmd_input_chunk_get_n_pos(chunk))
        if not self.bends:
            return PictureRun(count.value, num_positions, None)
        tokens = mtmd_cpp.mtmd_input_chunk_get_tokens_image(chunk)
        places = [
            mtmd_cpp.mtmd_image_tokens_get_decoder_pos(tokens, 0, index)
            for index in range(count.value)
        ]
        # the order of the sections: decode_embd_batch in mtmd-helper-common.h
        positions = np.array([[p.t, p.y, p.x, p.z] for p in places], dtype=np.int32)
        return PictureRun(count.value, num_positions, positions.T)

    def _encoded(self, chunk: Any) -> Embeddings:
        forget_errors()
        if mtmd_cpp.mtmd_encode_chunk(self._handle, chunk) != 0:
            raise NativeError(first_error() or "a picture cannot be encoded")
        count = mtmd_cpp.mtmd_input_chunk_get_n_tokens(chunk)
        rows = mtmd_cpp.mtmd_get_output_embd(self._handle)
        return np.ctypeslib.as_array(rows, shape=(count, self._width)).copy()
