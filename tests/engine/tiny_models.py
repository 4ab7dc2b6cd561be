"""Writes tiny models with random weights, one for each kind of memory that the engine runs.

They say nothing sensible, load in milliseconds and answer every token differently, which is what
tests of memory need. Names and shapes of the tensors are those that llama.cpp reads for each
architecture (src/models there).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from tests.engine.gguf_files import Value, write_gguf

__all__ = ["KINDS", "WINDOW", "Kind", "RandomWeights", "Vocabulary", "write_tiny_model"]

Kind = Literal["plain", "window", "recurrent", "hybrid", "bent"]
Vocabulary = Literal["bpe", "sentencepiece", "sentencepiece without space"]
KINDS: tuple[Kind, ...] = ("plain", "window", "recurrent", "hybrid")
"""Attention, attention of which every other layer slides, a state only, and a state beside it. Not
among them is ``bent``: attention with positions of several dimensions (M-RoPE)."""
WINDOW = 64
"""Tokens that a sliding layer of the kind ``window`` attends to."""

_ARCHITECTURES = {
    "plain": "llama",
    "window": "gemma2",
    "recurrent": "mamba",
    "hybrid": "jamba",
    "bent": "qwen2vl",
}
_SECTIONS = (6, 5, 5, 0)  # of a head's pairs, how many turn by each dimension of the position
_TRAINING_CONTEXT = 4096
_WIDTH, _HEADS, _KV_HEADS, _HIDDEN = 64, 2, 1, 96
_HEAD = _WIDTH // _HEADS
_CONV, _INNER, _STATE, _RANK = 4, 2 * _WIDTH, 8, 4  # mamba wants an inner width of twice the outer
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _BYTE = 1, 2, 3, 4, 6  # token types
_MARKERS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
# In the order in which they are made; the space is spelled as SentencePiece spells it.
_PIECES = ("th", "the", "\u2581the", "in", "\u2581in", "an", "er", "\u2581\u2581", "\n\n", "\x01x")
_MERGES = ("t h", "th e", "i n", "a n", "e r")

_Weights = dict[str, NDArray[np.float32]]


def write_tiny_model(
    folder: Path, kind: Kind, *, vocabulary: Vocabulary = "bpe", markers: Sequence[str] = ()
) -> Path:
    """Write the model of a kind into ``folder``; the same bytes every time.

    Arguments:
        folder: where to.
        kind: the kind of memory that it needs.
        vocabulary: byte-level BPE, or SentencePiece, which puts a space before text unless the
            file says that it does not.
        markers: further ones of the byte-level vocabulary.
    """
    name = _ARCHITECTURES[kind]
    layers: Sequence[bool]  # whether each attends
    layers = {"recurrent": (False, False), "hybrid": (False, True)}.get(kind, (True, True))
    tokenizer = _bpe(markers) if vocabulary == "bpe" else _sentencepiece(vocabulary)
    num_tokens = len(cast(Sequence[str], tokenizer["tokenizer.ggml.tokens"]))
    metadata: dict[str, Value] = {
        "general.architecture": name,
        "general.name": f"tiny {kind}",
        f"{name}.context_length": _TRAINING_CONTEXT,
        f"{name}.embedding_length": _WIDTH,
        f"{name}.block_count": len(layers),
        f"{name}.feed_forward_length": 0 if kind == "recurrent" else _HIDDEN,
        f"{name}.attention.head_count": 0 if kind == "recurrent" else _HEADS,
        f"{name}.attention.head_count_kv": [_KV_HEADS if attends else 0 for attends in layers],
        f"{name}.attention.layer_norm_rms_epsilon": 1e-5,
        f"{name}.vocab_size": num_tokens,
        **tokenizer,
    }
    if kind == "window":
        metadata[f"{name}.attention.sliding_window"] = WINDOW
        metadata[f"{name}.attention.key_length"] = _HEAD
        metadata[f"{name}.attention.value_length"] = _HEAD
    if not all(layers):
        metadata[f"{name}.ssm.conv_kernel"] = _CONV
        metadata[f"{name}.ssm.inner_size"] = _INNER
        metadata[f"{name}.ssm.state_size"] = _STATE
        metadata[f"{name}.ssm.time_step_rank"] = _RANK
    if kind == "bent":
        metadata[f"{name}.rope.dimension_sections"] = list(_SECTIONS)
    weights = RandomWeights(np.random.default_rng(list(_ARCHITECTURES).index(kind)))
    weights.matrix("token_embd.weight", _WIDTH, num_tokens)
    weights.norm("output_norm.weight", _WIDTH)
    for index, attends in enumerate(layers):
        layer = f"blk.{index}."
        weights.norm(layer + "attn_norm.weight", _WIDTH)
        if attends:
            _attention(weights, layer)
        else:
            _state_space(weights, layer, norms=kind == "hybrid")
        if kind != "recurrent":
            _feed_forward(weights, layer)
        if kind == "window":
            weights.norm(layer + "post_attention_norm.weight", _WIDTH, gain=8)
            weights.norm(layer + "post_ffw_norm.weight", _WIDTH)
    return write_gguf(folder / f"tiny-{kind}-{vocabulary}.gguf", metadata, weights=weights.tensors)


class RandomWeights:
    """Tensors with random values, of a scale at which layers neither vanish nor explode."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.tensors: _Weights = {}

    def matrix(self, name: str, inputs: int, outputs: int, gain: float = 2) -> None:
        values = self._rng.standard_normal((outputs, inputs)) / np.sqrt(inputs) * gain
        self.tensors[name] = values.astype(np.float32)

    def norm(self, name: str, size: int, gain: float = 1) -> None:
        self.uniform(name, (size,), gain / 2, 3 * gain / 2)

    def uniform(self, name: str, shape: tuple[int, ...], low: float, high: float) -> None:
        self.tensors[name] = self._rng.uniform(low, high, shape).astype(np.float32)


def _attention(weights: RandomWeights, layer: str) -> None:
    # All tokens get about the same attention, and much of it arrives, so that each one counts.
    weights.matrix(layer + "attn_q.weight", _WIDTH, _HEADS * _HEAD, gain=0.7)
    weights.matrix(layer + "attn_k.weight", _WIDTH, _KV_HEADS * _HEAD, gain=0.7)
    weights.matrix(layer + "attn_v.weight", _WIDTH, _KV_HEADS * _HEAD)
    weights.matrix(layer + "attn_output.weight", _HEADS * _HEAD, _WIDTH, gain=20)


def _feed_forward(weights: RandomWeights, layer: str) -> None:
    weights.norm(layer + "ffn_norm.weight", _WIDTH)
    weights.matrix(layer + "ffn_gate.weight", _WIDTH, _HIDDEN)
    weights.matrix(layer + "ffn_up.weight", _WIDTH, _HIDDEN)
    weights.matrix(layer + "ffn_down.weight", _HIDDEN, _WIDTH)


def _state_space(weights: RandomWeights, layer: str, *, norms: bool) -> None:
    weights.matrix(layer + "ssm_in.weight", _WIDTH, 2 * _INNER)
    weights.matrix(layer + "ssm_conv1d.weight", _CONV, _INNER)
    weights.norm(layer + "ssm_conv1d.bias", _INNER)
    weights.matrix(layer + "ssm_x.weight", _INNER, _RANK + 2 * _STATE)
    weights.matrix(layer + "ssm_dt.weight", _RANK, _INNER)
    # a small decay, so that the state remembers hundreds of tokens
    weights.uniform(layer + "ssm_dt.bias", (_INNER,), -3, -1)
    weights.uniform(layer + "ssm_a", (_INNER, _STATE), -0.1, -0.001)
    weights.norm(layer + "ssm_d", _INNER)
    weights.matrix(layer + "ssm_out.weight", _INNER, _WIDTH)
    if norms:
        weights.norm(layer + "ssm_dt_norm.weight", _RANK)
        weights.norm(layer + "ssm_b_norm.weight", _STATE)
        weights.norm(layer + "ssm_c_norm.weight", _STATE)


def _bpe(more_markers: Sequence[str]) -> dict[str, Value]:
    """All bytes, spelled as byte-level BPE spells them, what the merges make, and the markers."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    spelled = {byte: chr(byte) for byte in printable}
    spelled |= {byte: chr(256 + index) for index, byte in enumerate(others)}
    merged = [merge.replace(" ", "") for merge in _MERGES]
    markers = [*_MARKERS, *more_markers]
    tokens = [*(spelled[byte] for byte in range(256)), *merged, *markers]
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [
            _CONTROL if token in markers else _NORMAL for token in tokens
        ],
        "tokenizer.ggml.merges": _MERGES,
        "tokenizer.ggml.bos_token_id": tokens.index("<|endoftext|>"),
        "tokenizer.ggml.eos_token_id": tokens.index("<|im_end|>"),
        "tokenizer.ggml.add_bos_token": False,
    }


def _sentencepiece(vocabulary: Vocabulary) -> dict[str, Value]:
    """Markers, one of which users may write, all bytes, and a few letters and pieces."""
    types = {"<unk>": _UNKNOWN, "<s>": _CONTROL, "</s>": _CONTROL, "<|tool|>": _USER_DEFINED}
    types |= {f"<0x{byte:02X}>": _BYTE for byte in range(256)}
    types |= dict.fromkeys([*"\u2581abcdefghijklmnopqrstuvwxyz.", *_PIECES], _NORMAL)
    tokens = list(types)
    metadata: dict[str, Value] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": list(types.values()),
        "tokenizer.ggml.scores": [-float(index) for index in range(len(tokens))],
        "tokenizer.ggml.bos_token_id": tokens.index("<s>"),
        "tokenizer.ggml.eos_token_id": tokens.index("</s>"),
        "tokenizer.ggml.unknown_token_id": tokens.index("<unk>"),
        "tokenizer.ggml.add_bos_token": True,
    }
    if vocabulary == "sentencepiece without space":
        metadata["tokenizer.ggml.add_space_prefix"] = False
    return metadata
