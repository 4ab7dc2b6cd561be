"""Writes tiny models that see, with random weights: a text model and its projector file.

Names and shapes are those that llama.cpp reads (tools/mtmd/clip.cpp). The pictures are noise, of
sizes at which no projector here scales them, so that what it computes can be computed again.
"""

import struct
import zlib
from pathlib import Path
from typing import Literal

import numpy as np

from senryu.core import Image
from tests.engine.gguf_files import Value, write_gguf
from tests.engine.tiny_models import RandomWeights, write_tiny_model

__all__ = ["PATCH", "SIDE", "TEXT_WIDTH", "EyesKind", "picture", "write_tiny_eyes"]

EyesKind = Literal["plain", "whole", "bent", "sliced"]
"""A projector as LLaVA has it, over a tower of SigLIP's form; one whose tokens attend to each other
(Gemma 3); one with positions of two dimensions (Qwen2-VL); one that cuts pictures and puts markers
between (Idefics 3)."""

SIDE = 32
PATCH = 8
TEXT_WIDTH = 64
_WIDTH, _HEADS, _HIDDEN, _LAYERS = 48, 2, 96, 2
_PROJECTORS = {"plain": "mlp", "whole": "gemma3", "bent": "qwen2vl_merger", "sliced": "idefics3"}
_SLICE_MARKERS = [f"<row_{row}_col_{column}>" for row in (1, 2, 3) for column in (1, 2, 3)]
_MARKERS = {
    "plain": (),
    "whole": ("<start_of_image>", "<end_of_image>"),
    "bent": ("<|vision_start|>", "<|vision_end|>"),
    "sliced": ("<fake_token_around_image>", "<global-img>", "\n\n", *_SLICE_MARKERS),
}


def picture(seed: int, width: int = SIDE, height: int = SIDE) -> Image:
    """A picture of noise: the same for the same seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    return Image.of(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), width, height)


def write_tiny_eyes(folder: Path, kind: EyesKind) -> tuple[Path, Path]:
    """Write a text model and, beside it, the projector by which it sees.

    Returns:
        the text model's file and the projector's.
    """
    model = write_tiny_model(folder, "bent" if kind == "bent" else "plain", markers=_MARKERS[kind])
    metadata: dict[str, Value] = {
        "general.architecture": "clip",
        "clip.has_vision_encoder": True,
        "clip.projector_type": _PROJECTORS[kind],
        "clip.use_gelu": True,
        "clip.vision.embedding_length": _WIDTH,
        "clip.vision.attention.head_count": _HEADS,
        "clip.vision.feed_forward_length": _HIDDEN,
        "clip.vision.block_count": _LAYERS,
        "clip.vision.projection_dim": TEXT_WIDTH,
        "clip.vision.attention.layer_norm_epsilon": 1e-5,
        "clip.vision.image_size": SIDE,
        "clip.vision.patch_size": PATCH,
        "clip.vision.image_mean": [0.5, 0.4, 0.3],
        "clip.vision.image_std": [0.2, 0.3, 0.25],
        "clip.vision.projector.scale_factor": 2,
        "clip.vision.preproc_image_size": 2 * SIDE,
    }
    projector = folder / f"mmproj-tiny-{kind}.gguf"
    return model, write_gguf(projector, metadata, weights=_tower(kind).tensors)


def _tower(kind: EyesKind) -> RandomWeights:
    weights = RandomWeights(np.random.default_rng(list(_PROJECTORS).index(kind)))
    weights.matrix("v.patch_embd.weight", 3 * PATCH * PATCH, _WIDTH)
    if kind == "bent":
        weights.matrix("v.patch_embd.weight.1", 3 * PATCH * PATCH, _WIDTH)
    for name in [name for name in weights.tensors if "patch_embd" in name]:
        weights.tensors[name] = weights.tensors[name].reshape(_WIDTH, 3, PATCH, PATCH)
    if kind != "bent":
        num_patches = (SIDE // PATCH) ** 2
        weights.matrix("v.position_embd.weight", _WIDTH, num_patches)
    for index in range(_LAYERS):
        _layer(weights, f"v.blk.{index}.")
    if kind != "plain":
        _dense(weights, "v.post_ln", 0, _WIDTH)
    match kind:
        case "plain":
            _dense(weights, "mm.0", _WIDTH, TEXT_WIDTH)
            _dense(weights, "mm.2", TEXT_WIDTH, TEXT_WIDTH)
        case "whole":
            weights.norm("mm.soft_emb_norm.weight", _WIDTH)
            weights.matrix("mm.input_projection.weight", TEXT_WIDTH, _WIDTH)
        case "bent":
            _dense(weights, "mm.0", 4 * _WIDTH, 4 * _WIDTH)
            _dense(weights, "mm.2", 4 * _WIDTH, TEXT_WIDTH)
        case "sliced":
            weights.matrix("mm.model.fc.weight", 4 * _WIDTH, TEXT_WIDTH)
    return weights


def _layer(weights: RandomWeights, layer: str) -> None:
    _dense(weights, layer + "ln1", 0, _WIDTH)
    _dense(weights, layer + "ln2", 0, _WIDTH)
    for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
        _dense(weights, layer + name, _WIDTH, _WIDTH)
    _dense(weights, layer + "ffn_up", _WIDTH, _HIDDEN)
    _dense(weights, layer + "ffn_down", _HIDDEN, _WIDTH)


def _dense(weights: RandomWeights, name: str, inputs: int, outputs: int) -> None:
    """A matrix, or a gain where there are no inputs, and what is added."""
    if inputs:
        weights.matrix(name + ".weight", inputs, outputs, gain=1)
    else:
        weights.norm(name + ".weight", outputs)
    weights.uniform(name + ".bias", (outputs,), -0.2, 0.2)
