"""The native library behind typed classes: the one module that talks to llama_cpp.

It translates values and nothing else: no scheduling, no sampling policy, no text decoding. The
binding is untyped ctypes, so the type checker's questions about it are answered here, once.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false

import ctypes
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from senryu.engine.llama.sampler import Logits

__all__ = ["BatchRow", "Context", "ContextOptions", "Model", "NativeError", "quiet_logs"]

_ERROR_LEVEL = 4  # enum ggml_log_level
_CONTROL_ATTR = 1 << 3  # enum llama_token_attr
_USER_DEFINED_ATTR = 1 << 4
_F16, _BF16 = 1, 30  # enum ggml_type
_FLASH_ATTENTION_ON = 1  # enum llama_flash_attn_type
_PIECE_BYTES = 512
_last_errors: list[str] = []


class NativeError(Exception):
    """The native library refused; the message is its own last one where it gave any."""


def _on_log(level: int, text: bytes, _data: object) -> None:
    if level == _ERROR_LEVEL:
        message = text.decode(errors="replace").strip()
        _last_errors.append(message)
        del _last_errors[:-4]
        print(f"llama.cpp: {message}", file=sys.stderr, flush=True)


_log_callback = llama_cpp.llama_log_callback(_on_log)


def quiet_logs() -> None:
    """Let only errors of the native library through, to stderr, a line each."""
    llama_cpp.llama_log_set(_log_callback, None)


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """Sizes and choices of a context.

    Arguments:
        num_cells: tokens of KV memory.
        num_seqs: sequence ids.
        max_tokens: tokens in one ``decode``.
        max_outputs: rows of logits from one ``decode``.
        micro_batch: tokens computed at a time inside ``decode``.
        threads: native threads.
        batch_invariant: whether a reply must not depend on what is computed beside it.
    """

    num_cells: int
    num_seqs: int
    max_tokens: int
    max_outputs: int
    micro_batch: int
    threads: int
    batch_invariant: bool


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Consecutive tokens of one sequence; ``output`` asks for the last one's logits."""

    seq: int
    start: int
    tokens: Sequence[int]
    output: bool


class Model:
    """Weights and vocabulary of one GGUF file.

    Raises:
        NativeError: the file cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        _last_errors.clear()
        handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not handle:
            raise NativeError(_last_errors[0] if _last_errors else "unknown reason")
        self.handle = handle
        self._vocab = llama_cpp.llama_model_get_vocab(handle)
        self._pieces: dict[int, bytes] = {}

    def close(self) -> None:
        """Free the weights; contexts of the model must be closed before."""
        llama_cpp.llama_model_free(self.handle)

    @property
    def num_tokens(self) -> int:
        """Size of the vocabulary."""
        return int(llama_cpp.llama_vocab_n_tokens(self._vocab))

    @property
    def num_params(self) -> int:
        """Number of weights."""
        return int(llama_cpp.llama_model_n_params(self.handle))

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return int(llama_cpp.llama_model_n_layer(self.handle))

    @property
    def num_kv_heads(self) -> int:
        """Key and value heads of a layer."""
        return int(llama_cpp.llama_model_n_head_kv(self.handle))

    @property
    def head_size(self) -> int:
        """Width of a head where the file does not say otherwise."""
        heads = max(1, int(llama_cpp.llama_model_n_head(self.handle)))
        return int(llama_cpp.llama_model_n_embd(self.handle)) // heads

    @property
    def training_context(self) -> int:
        """Tokens the model was trained to attend to."""
        return int(llama_cpp.llama_model_n_ctx_train(self.handle))

    @property
    def description(self) -> str:
        """Architecture, size and weight format in the library's words: ``llama 135M Q4_0``."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self.handle, buffer, len(buffer))
        return buffer.value.decode(errors="replace")

    @property
    def can_cut(self) -> bool:
        """Whether a sequence's memory may be cut at any token and go on from there."""
        return not (
            llama_cpp.llama_model_is_recurrent(self.handle)
            or llama_cpp.llama_model_is_hybrid(self.handle)
            or llama_cpp.llama_model_n_swa(self.handle) > 0
        )

    @property
    def generates(self) -> bool:
        """Whether it is a decoder-only model, the kind that this engine runs."""
        return not (
            llama_cpp.llama_model_has_encoder(self.handle)
            or llama_cpp.llama_model_is_diffusion(self.handle)
        )

    @property
    def bos(self) -> int | None:
        """The begin-of-sequence token."""
        return _token_or_none(llama_cpp.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> int | None:
        """The end-of-sequence token."""
        return _token_or_none(llama_cpp.llama_vocab_eos(self._vocab))

    @property
    def add_bos(self) -> bool:
        """Whether every prompt begins with ``bos``."""
        return bool(llama_cpp.llama_vocab_get_add_bos(self._vocab))

    def end_tokens(self) -> frozenset[int]:
        """Tokens that end a reply."""
        return frozenset(
            token
            for token in range(self.num_tokens)
            if llama_cpp.llama_vocab_is_eog(self._vocab, token)
        )

    def marker_tokens(self) -> Iterator[tuple[int, bool]]:
        """Tokens that are no plain text: control ones with True, user-defined ones with False."""
        for token in range(self.num_tokens):
            attr = int(llama_cpp.llama_vocab_get_attr(self._vocab, token))
            if attr & (_CONTROL_ATTR | _USER_DEFINED_ATTR):
                yield token, bool(attr & _CONTROL_ATTR)

    def metadata(self, key: str) -> str | None:
        """The file's value of a metadata key, as text."""
        size = int(
            llama_cpp.llama_model_meta_val_str(
                self.handle, key.encode(), ctypes.create_string_buffer(1), 1
            )
        )
        if size < 0:
            return None
        buffer = ctypes.create_string_buffer(size + 1)
        llama_cpp.llama_model_meta_val_str(self.handle, key.encode(), buffer, len(buffer))
        return buffer.value.decode(errors="replace")

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for, markers spelled out."""
        piece = self._pieces.get(token)
        if piece is None:
            buffer = ctypes.create_string_buffer(_PIECE_BYTES)
            size = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, _PIECE_BYTES, 0, True)
            piece = self._pieces[token] = buffer.raw[: max(0, int(size))]
        return piece

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Token ids of a text; with ``special`` the markers in it become their tokens.

        Safe from any thread: the vocabulary is only read.
        """
        data = text.encode()
        capacity = len(data) + 8
        while True:
            tokens = (ctypes.c_int32 * capacity)()
            count = int(
                llama_cpp.llama_tokenize(
                    self._vocab, data, len(data), tokens, capacity, False, special
                )
            )
            if count >= 0:
                return list(tokens[:count])
            capacity = -count


class Context:
    """KV memory and a reused batch; everything here belongs to one thread.

    Raises:
        NativeError: there is not enough memory, or the model does not allow the options.
    """

    def __init__(self, model: Model, options: ContextOptions) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = options.num_cells
        params.n_batch = options.max_tokens
        params.n_ubatch = options.micro_batch
        params.n_seq_max = options.num_seqs
        params.n_outputs_max = options.max_outputs
        params.n_threads = params.n_threads_batch = options.threads
        # The fused kernel skips other sequences' cells; the plain one computes and masks them.
        params.flash_attn_type = _FLASH_ATTENTION_ON
        # For batch invariance, values in BF16 keep the CPU's fused kernel on the one path whose
        # result for a row does not depend on what else is in the batch or where its cells lie:
        # with F16 it takes another from 64 rows on, and a third for one row of a long context.
        params.type_k = _F16
        params.type_v = _BF16 if options.batch_invariant else _F16
        params.kv_unified = True
        params.no_perf = True
        _last_errors.clear()
        handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not handle:
            raise NativeError(_last_errors[0] if _last_errors else "unknown reason")
        self._handle = handle
        self._memory = llama_cpp.llama_get_memory(handle)
        self._num_tokens = model.num_tokens
        self._batch = _Batch(options.max_tokens)
        self.num_cells = int(llama_cpp.llama_n_ctx(handle))

    def close(self) -> None:
        """Free the memory."""
        llama_cpp.llama_free(self._handle)

    def decode(self, rows: Sequence[BatchRow]) -> Logits:
        """Compute the rows; returns logits ``[number of output rows, vocabulary]``.

        The array is the library's own memory, valid until the next call.

        Raises:
            NativeError: there was no room, or the computation failed.
        """
        self._batch.fill(rows)
        code = int(llama_cpp.llama_decode(self._handle, self._batch.struct))
        if code != 0:
            raise NativeError(f"llama_decode returned {code} for {self._batch.size} tokens")
        num_outputs = sum(row.output for row in rows)
        if num_outputs == 0:
            llama_cpp.llama_synchronize(self._handle)
            return np.empty((0, self._num_tokens), dtype=np.float32)
        first = llama_cpp.llama_get_logits(self._handle)
        shape = num_outputs * self._num_tokens
        address = ctypes.cast(first, ctypes.c_void_p).value
        data = (ctypes.c_float * shape).from_address(address)
        logits: Logits = np.frombuffer(data, dtype=np.float32)
        return logits.reshape(num_outputs, self._num_tokens)

    def copy_prefix(self, source: int, target: int, length: int) -> None:
        """Let ``target`` share the first ``length`` cells of ``source``."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def clear(self, seq: int) -> None:
        """Drop everything of a sequence."""
        llama_cpp.llama_memory_seq_rm(self._memory, seq, -1, -1)

    def covered(self, seq: int) -> int:
        """Tokens that the memory holds of a sequence."""
        return int(llama_cpp.llama_memory_seq_pos_max(self._memory, seq)) + 1


class _Batch:
    """A ``llama_batch`` over numpy arrays, so that filling it costs a few slice assignments."""

    def __init__(self, capacity: int) -> None:
        self._tokens: Any = np.zeros(capacity, dtype=np.int32)
        self._positions: Any = np.zeros(capacity, dtype=np.int32)
        self._num_seqs: Any = np.ones(capacity, dtype=np.int32)
        self._seqs: Any = np.zeros(capacity, dtype=np.int32)
        self._outputs: Any = np.zeros(capacity, dtype=np.int8)
        # seq_id is an array of pointers, one for each token, into the array of ids.
        self._seq_pointers: Any = (
            self._seqs.ctypes.data + 4 * np.arange(capacity, dtype=np.uint64)
        ).astype(np.uint64)
        self.size = 0
        self.struct = llama_cpp.llama_batch()
        int32 = ctypes.POINTER(ctypes.c_int32)
        self.struct.token = self._tokens.ctypes.data_as(int32)
        self.struct.pos = self._positions.ctypes.data_as(int32)
        self.struct.n_seq_id = self._num_seqs.ctypes.data_as(int32)
        self.struct.seq_id = self._seq_pointers.ctypes.data_as(ctypes.POINTER(int32))
        self.struct.logits = self._outputs.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))

    def fill(self, rows: Sequence[BatchRow]) -> None:
        """Lay the rows out one after another."""
        end = 0
        for row in rows:
            start, end = end, end + len(row.tokens)
            if end == start + 1:  # a decode: plain item writes are faster than slices
                self._tokens[start] = row.tokens[0]
                self._positions[start] = row.start
                self._seqs[start] = row.seq
            else:
                self._tokens[start:end] = row.tokens
                self._positions[start:end] = np.arange(row.start, row.start + end - start)
                self._seqs[start:end] = row.seq
                self._outputs[start:end] = 0
            self._outputs[end - 1] = row.output
        self.size = self.struct.n_tokens = end


def _token_or_none(token: int) -> int | None:
    return int(token) if token >= 0 else None
