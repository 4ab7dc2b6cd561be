"""What a tiny model that sees must compute, in numpy: its tower, its projector and its text model.

Written from the papers' formulas (ViT, LLaVA, LLaMA, Qwen2-VL for positions of several dimensions)
and independent of the native library; nothing is cached or batched.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from numpy.typing import NDArray

from tests.engine.tiny_vision import PATCH, SIDE

__all__ = ["logits_of", "pixels_of", "read_weights", "rows_of"]

Floats = NDArray[np.float64]
Weights = dict[str, Floats]

_HEADS, _EPS, _BASE = 2, 1e-5, 10_000.0
_MEAN, _STD = np.array([0.5, 0.4, 0.3]), np.array([0.2, 0.3, 0.25])
_SECTIONS = (6, 5, 5)


def read_weights(file: Path) -> Weights:
    """A file's tensors, in numpy's order of axes."""
    return {
        tensor.name: tensor.data.astype(np.float64).reshape(tensor.shape[::-1])
        for tensor in GGUFReader(file).tensors
    }


def pixels_of(seed: int) -> Floats:
    """The pixels of ``tiny_vision.picture``, as the tower sees them."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return (pixels / 255 - _MEAN) / _STD


def rows_of(weights: Weights, pixels: Floats) -> Floats:
    """The rows of a picture by LLaVA's projector, over all layers of the tower but the last."""
    side = SIDE // PATCH
    cut = pixels.reshape(side, PATCH, side, PATCH, 3).transpose(0, 2, 4, 1, 3).reshape(side**2, -1)
    patches = cut @ weights["v.patch_embd.weight"].reshape(-1, cut.shape[1]).T
    rows = patches + weights["v.position_embd.weight"]
    width = rows.shape[1] // _HEADS
    for index in range(sum(name.endswith("attn_q.weight") for name in weights) - 1):
        layer = f"v.blk.{index}."
        normed = _layer_norm(rows, weights, layer + "ln1")
        query, key, value = (
            _dense(normed, weights, layer + name).reshape(-1, _HEADS, width).transpose(1, 0, 2)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        weighed = _softmax(query @ key.transpose(0, 2, 1) / np.sqrt(width)) @ value
        joined = weighed.transpose(1, 0, 2).reshape(rows.shape)
        rows = rows + _dense(joined, weights, layer + "attn_out")
        normed = _layer_norm(rows, weights, layer + "ln2")
        hidden = _gelu(_dense(normed, weights, layer + "ffn_up"))
        rows = rows + _dense(hidden, weights, layer + "ffn_down")
    return _dense(_gelu(_dense(rows, weights, "mm.0")), weights, "mm.2")


def logits_of(
    weights: Weights, rows: Floats, positions: NDArray[np.int64], spans: Sequence[tuple[int, int]]
) -> Floats:
    """The logits after the last row.

    Arguments:
        weights: the text model's.
        rows: embeddings of tokens and of pictures.
        positions: ``[dimensions, rows]``, of which there are one or three.
        spans: where the rows attend to those behind them up to the end of the span.
    """
    count = len(rows)
    mask = np.tril(np.ones((count, count), dtype=bool))
    for start, end in spans:
        mask[start:end, start:end] = True
    for index in range(sum(name.endswith("attn_q.weight") for name in weights)):
        layer = f"blk.{index}."
        normed = _rms_norm(rows, weights[layer + "attn_norm.weight"])
        query, key, value = (
            (normed @ weights[layer + name + ".weight"].T).reshape(count, -1, 32).transpose(1, 0, 2)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        query, key = _turned(query, positions), _turned(key, positions)
        scores = np.where(mask, query @ key.transpose(0, 2, 1) / np.sqrt(32), -np.inf)
        weighed = (_softmax(scores) @ value).transpose(1, 0, 2).reshape(count, -1)
        rows = rows + weighed @ weights[layer + "attn_output.weight"].T
        normed = _rms_norm(rows, weights[layer + "ffn_norm.weight"])
        gate = normed @ weights[layer + "ffn_gate.weight"].T
        hidden = gate / (1 + np.exp(-gate)) * (normed @ weights[layer + "ffn_up.weight"].T)
        rows = rows + hidden @ weights[layer + "ffn_down.weight"].T
    return _rms_norm(rows[-1], weights["output_norm.weight"]) @ weights["token_embd.weight"].T


def _turned(heads: Floats, positions: NDArray[np.int64]) -> Floats:
    """Rotary positions: LLaMA turns neighbouring numbers, Qwen2-VL those half a head apart."""
    pairs = heads.shape[-1] // 2
    turns: Floats = np.power(_BASE, -np.arange(pairs, dtype=np.float64) / pairs)
    if len(positions) == 1:
        angles = positions[0][:, None] * turns
        first, second = heads[..., 0::2], heads[..., 1::2]
    else:
        angles = positions.T[:, np.repeat(np.arange(3), _SECTIONS)] * turns
        first, second = heads[..., :pairs], heads[..., pairs:]
    turned = (
        first * np.cos(angles) - second * np.sin(angles),
        first * np.sin(angles) + second * np.cos(angles),
    )
    if len(positions) == 1:
        return np.stack(turned, axis=-1).reshape(heads.shape)
    return np.concatenate(turned, axis=-1)


def _dense(rows: Floats, weights: Weights, name: str) -> Floats:
    return rows @ weights[name + ".weight"].T + weights[name + ".bias"]


def _layer_norm(rows: Floats, weights: Weights, name: str) -> Floats:
    centred = rows - rows.mean(axis=-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPS)
    return normed * weights[name + ".weight"] + weights[name + ".bias"]


def _rms_norm(rows: Floats, gain: Floats) -> Floats:
    return rows / np.sqrt((rows**2).mean(axis=-1, keepdims=True) + _EPS) * gain


def _softmax(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _gelu(values: Floats) -> Floats:
    inner = np.sqrt(2 / np.pi) * (values + 0.044715 * values**3)
    return values * (1 + np.tanh(inner)) / 2
