"""The native library behind typed classes: with ``native_batch`` the door to models that run.

It translates values and nothing else: no scheduling, no sampling policy, no text decoding. The
binding is untyped ctypes, so the type checker's questions about it are answered at that door, once.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false, reportCallIssue=false
# pyright: reportMissingTypeStubs=false, reportAttributeAccessIssue=false

import ctypes
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import llama_cpp
import numpy as np

from senryu.engine.llama.context_options import ContextOptions
from senryu.engine.llama.native_batch import BatchRow, NativeBatch, PictureBatch, decode_apart
from senryu.engine.llama.native_log import first_error, forget_errors
from senryu.engine.llama.native_params import context_params
from senryu.engine.llama.sampler import Logits
from senryu.engine.llama.tiling import MANY_TOKENS, Tiling

__all__ = [
    "Context",
    "Model",
    "NativeError",
]

_CONTROL_ATTR = 1 << 3  # enum llama_token_attr
_USER_DEFINED_ATTR = 1 << 4
_BYTE_ATTR = 1 << 5
_GUARD = "\x01"  # takes the space that is put before text; vocabularies join it with nothing
_ROPES_OF_4 = (8, 40)  # enum llama_rope_type: MROPE and IMROPE
_MAX_SEQS = 256  # LLAMA_MAX_SEQ
_PIECE_BYTES = 512
_BYTES = ctypes.POINTER(ctypes.c_uint8)


class NativeError(Exception):
    """The native library refused; the message is its own last one where it gave any."""


class Model:
    """Weights and vocabulary of one GGUF file.

    Attributes:
        training_context: tokens of the sequences that the model was trained on.

    Raises:
        NativeError: the file cannot be loaded.
    """

    def __init__(self, path: Path) -> None:
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        forget_errors()
        handle = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
        if not handle:
            raise NativeError(first_error() or "unknown reason")
        self.handle = handle
        self._vocab = llama_cpp.llama_model_get_vocab(handle)
        self._pieces: dict[int, bytes] = {}
        # read now, because a context with scaled positions changes what the library says
        self.training_context = int(llama_cpp.llama_model_n_ctx_train(handle))
        self._guard_tokens = self._tokenize(_GUARD, special=False) if self._adds_spaces else []

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
    def description(self) -> str:
        """Architecture, size and weight format in the library's words: ``llama 135M Q4_0``."""
        buffer = ctypes.create_string_buffer(256)
        llama_cpp.llama_model_desc(self.handle, buffer, len(buffer))
        return buffer.value.decode(errors="replace")

    @property
    def cuttable(self) -> bool:
        """Whether a prefix of any length of a sequence's memory can be shared, saved and kept.

        Without it there is a state for the whole of a sequence, and one sequence's memory may
        only be copied or saved whole and appended to.
        """
        return not (
            llama_cpp.llama_model_is_recurrent(self.handle)
            or llama_cpp.llama_model_is_hybrid(self.handle)
        )

    @property
    def max_seqs(self) -> int:
        """Sequence ids that a context can have, those not counted that it needs itself."""
        if not self.cuttable:
            return _MAX_SEQS
        return (_MAX_SEQS - 1) // self.ids_per_seq

    @property
    def ids_per_seq(self) -> int:
        """Native sequence ids that a sequence takes: see ``Context``."""
        return 2 if self.cuttable and self.sliding_window else 1

    @property
    def sliding_window(self) -> int:
        """Tokens that those layers attend to that do not attend to all; 0 without such layers."""
        return int(llama_cpp.llama_model_n_swa(self.handle))

    @property
    def width(self) -> int:
        """Numbers that stand for one token where it is computed from an embedding."""
        return int(llama_cpp.llama_model_n_embd_inp(self.handle))

    @property
    def dimensions(self) -> int:
        """Of positions: 4 where there are more than one (M-RoPE), of which text needs but one."""
        return 4 if llama_cpp.llama_model_rope_type(self.handle) in _ROPES_OF_4 else 1

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

    @property
    def native_tokenizer(self) -> tuple[int, int]:
        """Addresses of the vocabulary and of the function that tokenizes with it."""
        function = ctypes.cast(llama_cpp.llama_tokenize, ctypes.c_void_p)
        return int(self._vocab), int(function.value or 0)

    def marker_tokens(self) -> Iterator[tuple[int, bool]]:
        """Tokens that are no plain text: control ones with True, user-defined ones with False."""
        for token in range(self.num_tokens):
            if self.is_marker(token):
                yield token, bool(self._attributes(token) & _CONTROL_ATTR)

    @property
    def _adds_spaces(self) -> bool:
        """Whether a space is put before text that is tokenized, as SentencePiece does."""
        return (
            self.metadata("tokenizer.ggml.model") == "llama"
            and self.metadata("tokenizer.ggml.add_space_prefix") != "false"
            # the guard has no other token, and without one the library would end the process
            and any(self._attributes(token) & _BYTE_ATTR for token in range(self.num_tokens))
        )

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
            piece = self._pieces[token] = self.spell(token)
        return piece

    def spell(self, token: int) -> bytes:
        """``piece`` for those who ask once for each token: it keeps nothing."""
        buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        size = llama_cpp.llama_token_to_piece(self._vocab, token, buffer, _PIECE_BYTES, 0, True)
        return buffer.raw[: max(0, int(size))]

    def is_marker(self, token: int) -> bool:
        """Whether a token stands for a marker and for no plain text."""
        return bool(self._attributes(token) & (_CONTROL_ATTR | _USER_DEFINED_ATTR))

    def tokenize(self, text: str, *, special: bool, continues: bool = False) -> list[int]:
        """Token ids of a text; with ``special`` the markers in it become their tokens.

        Safe from any thread: the vocabulary is only read.

        Arguments:
            text: what to tokenize.
            special: whether it may contain markers.
            continues: whether other text comes before it. Most SentencePiece vocabularies have a
                space put before text, which belongs only where text begins: at the start of a
                prompt and after a marker (``llama_vocab::impl::tokenize`` in llama.cpp).
        """
        if continues and self._guard_tokens:
            tokens = self._tokenize(_GUARD + text, special=special)
            size = len(self._guard_tokens)
            if tokens[:size] == self._guard_tokens:
                return tokens[size:]
        return self._tokenize(text, special=special)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
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

    def _attributes(self, token: int) -> int:
        return int(llama_cpp.llama_vocab_get_attr(self._vocab, token))


class Context:
    """KV memory and a reused batch; everything here belongs to one thread.

    Two kinds of native sequence ids are its own. One is the scratch sequence: by it a range of a
    sequence is saved and loaded, and it has the tokens that fill a batch up. And where attention
    slides, each sequence has a twin that holds the same cells: the native memory gives a cell that
    only one sequence holds, and that has left its window, to whoever asks for room, though a prefix
    that ends earlier still needs it.

    Raises:
        NativeError: there is not enough memory, or the model does not allow the options.
    """

    def __init__(self, model: Model, options: ContextOptions) -> None:
        num_seqs = options.num_seqs
        self._cuttable = model.cuttable
        self._owners = [
            tuple(range(seq, seq + num_seqs * model.ids_per_seq, num_seqs))
            for seq in range(num_seqs)
        ]
        self._scratch = sum(map(len, self._owners))
        num_ids = self._scratch + self._cuttable
        # A state leaves out what lies outside the window at its end, so it has to be shorter.
        self._state_tokens = model.sliding_window - 1 if model.sliding_window else options.num_cells
        params = context_params(options, num_ids=num_ids, training_context=model.training_context)
        self._max_outputs = params.n_outputs_max
        forget_errors()
        handle = llama_cpp.llama_init_from_model(model.handle, params)
        if not handle:
            raise NativeError(first_error() or "unknown reason")
        self._handle = handle
        self._memory = llama_cpp.llama_get_memory(handle)
        self._num_tokens = model.num_tokens
        # the scratch sequence comes after the others
        owners = [*self._owners, (self._scratch,) * model.ids_per_seq]
        self._batch = NativeBatch(options.max_tokens, owners)
        self._tiling = _tiling(model, options)
        self._pictures: PictureBatch | None = None
        self._whole_pictures = options.whole_pictures
        self._dimensions = model.dimensions
        if options.pictures:
            self._pictures = PictureBatch(
                options.max_tokens, self._owners, width=model.width, dimensions=model.dimensions
            )
        self.num_cells = int(llama_cpp.llama_n_ctx(handle))

    def close(self) -> None:
        """Free the memory."""
        llama_cpp.llama_free(self._handle)

    def decode(self, rows: Sequence[BatchRow], *, spare_cells: int = 0) -> Logits:
        """Compute the rows; returns logits ``[sum of the rows' outputs, vocabulary]``, in order.

        The array may be the library's own memory, valid until the next call.

        Arguments:
            rows: what is to be computed, at least one.
            spare_cells: free cells beyond those of the rows, which may be used meanwhile.

        Raises:
            NativeError: there was no room, or the computation failed.
            ValueError: more outputs are wanted than the context has.
        """
        num_outputs = sum(row.outputs for row in rows)
        if num_outputs > self._max_outputs:  # the library would abort the process
            raise ValueError(f"{num_outputs} outputs of {self._max_outputs}")
        return decode_apart(
            rows,
            self._decode,
            whole=self._whole_pictures,
            tiling=self._tiling,
            spare_cells=spare_cells,
        )

    def _decode(self, rows: Sequence[BatchRow], added: int) -> Logits:
        """Compute rows that all have embeddings, or all have none, and tokens without meaning."""
        num_outputs = sum(row.outputs for row in rows)
        shows = rows[0].embeddings is not None
        if added:
            rows = [*rows, BatchRow(len(self._owners), 0, (0,) * added, 0)]
        batch = self._pictures if shows and self._pictures else self._batch
        batch.fill(rows)
        if self._whole_pictures:
            llama_cpp.llama_set_causal_attn(self._handle, not shows)
        code = int(llama_cpp.llama_decode(self._handle, batch.struct))
        if added:
            self._clear_id(self._scratch)
        if code != 0:
            raise NativeError(f"llama_decode returned {code} for {batch.size} tokens")
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
        """Let ``target``, which holds nothing, share the first ``length`` tokens of ``source``.

        Either may go on, be cut or be cleared without the other noticing.

        Raises:
            NativeError: memory that cannot be cut was to be shared in part.
        """
        if not self._cuttable and length != self.covered(source):
            raise NativeError(f"a part of sequence {source} cannot be shared: {length} tokens")
        for owner in self._owners[target]:
            llama_cpp.llama_memory_seq_cp(self._memory, source, owner, 0, length)

    def save(self, seq: int, start: int, end: int) -> bytes:
        """What the memory holds of the tokens at positions ``start`` to ``end``.

        Arguments:
            seq: sequence id.
            start: first position; 0 for memory that cannot be cut.
            end: the position after the last one; the whole length for memory that cannot be cut.

        Raises:
            NativeError: the library refused, or this part cannot be saved.
        """
        if not self._cuttable:
            if (start, end) != (0, self.covered(seq)):
                raise NativeError(f"a part of sequence {seq} cannot be saved: {start} to {end}")
            return self._read_state(seq)
        step = self._state_tokens
        bounds = [*range(start, end, step), end]
        return b"".join(self._save_range(seq, first, last) for first, last in pairwise(bounds))

    def load(self, seq: int, data: bytes | bytearray) -> None:
        """Append what ``save`` gave to a sequence that holds exactly the tokens before it.

        Arguments:
            seq: sequence id.
            data: from a context of the same model and the same options.

        Raises:
            NativeError: there is no room, the data is not from such a context or does not follow
                what the sequence holds. The sequence is then as it was.
        """
        held = self.covered(seq)
        if held and not self._cuttable:
            raise NativeError(f"sequence {seq} holds {held} tokens, and a state is whole")
        view = memoryview(data)
        try:
            while len(view):
                view = view[self._load_state(seq, view) :]
        except NativeError:
            self.cut(seq, held)
            raise

    def cut(self, seq: int, length: int) -> None:
        """Drop a sequence's tokens from position ``length`` on.

        Raises:
            NativeError: the memory cannot be cut there.
        """
        if not self._cuttable and 0 < length < self.covered(seq):
            raise NativeError(f"sequence {seq} cannot be cut to {length} tokens")
        for owner in self._owners[seq]:
            llama_cpp.llama_memory_seq_rm(self._memory, owner, length, -1)

    def clear(self, seq: int) -> None:
        """Drop everything of a sequence."""
        for owner in self._owners[seq]:
            self._clear_id(owner)

    def covered(self, seq: int) -> int:
        """Tokens that the memory holds of a sequence."""
        return int(llama_cpp.llama_memory_seq_pos_max(self._memory, seq)) + 1

    def _save_range(self, seq: int, start: int, end: int) -> bytes:
        llama_cpp.llama_memory_seq_cp(self._memory, seq, self._scratch, start, end)
        try:
            return self._read_state(self._scratch)
        finally:
            self._clear_id(self._scratch)

    def _load_state(self, seq: int, data: memoryview) -> int:
        """Append the first state in ``data``; returns its size."""
        if not self._cuttable:
            return self._write_state(seq, data)
        held = self.covered(seq)
        try:
            size = self._write_state(self._scratch, data)
            first = int(llama_cpp.llama_memory_seq_pos_min(self._memory, self._scratch))
            # where positions have dimensions, what follows a picture begins further on
            if first < held or (first > held and self._dimensions == 1):
                raise NativeError(f"sequence {seq} holds {held} tokens, and data from {first} on")
            for owner in self._owners[seq]:
                llama_cpp.llama_memory_seq_cp(self._memory, self._scratch, owner, -1, -1)
            return size
        finally:
            self._clear_id(self._scratch)

    def _clear_id(self, native_id: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, native_id, -1, -1)

    def _read_state(self, native_id: int) -> bytes:
        size = int(llama_cpp.llama_state_seq_get_size(self._handle, native_id))
        buffer = np.empty(size, dtype=np.uint8)
        written = llama_cpp.llama_state_seq_get_data(
            self._handle, buffer.ctypes.data_as(_BYTES), size, native_id
        )
        if int(written) != size:
            raise NativeError(f"{written} of {size} bytes of a state were written")
        return buffer.tobytes()

    def _write_state(self, native_id: int, data: memoryview) -> int:
        forget_errors()
        buffer = np.frombuffer(data, dtype=np.uint8)
        size = int(
            llama_cpp.llama_state_seq_set_data(
                self._handle, buffer.ctypes.data_as(_BYTES), len(buffer), native_id
            )
        )
        if size == 0:
            raise NativeError(first_error() or "a state could not be loaded")
        return size


def _tiling(model: Model, options: ContextOptions) -> Tiling | None:
    """When to pad; None where there is no tiled kernel, or a batch has no room for its tiles."""
    is_tiled = options.flash_attention and options.kv_type == "f16" and not options.batch_invariant
    has_room = min(options.max_tokens, options.micro_batch) >= MANY_TOKENS
    if not (is_tiled and has_room and model.cuttable) or model.sliding_window:
        return None
    return Tiling.of(model.num_params, model.num_layers, model.width)


def _token_or_none(token: int) -> int | None:
    return int(token) if token >= 0 else None
