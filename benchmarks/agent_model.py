"""Writes a model that takes an agent's long prompts in no time and says nothing sensible.

Two layers with random weights, a window of 65,536 tokens, and the vocabulary and chat template of
another model's file: so prompts are rendered, counted, cached and streamed as for a real model,
while computing them costs next to nothing. ``python -m benchmarks.agent_model FOLDER`` writes it.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter

from senryu.engine.llama.embedded import prepare

__all__ = ["WINDOW", "write_agent_model"]

WINDOW = 65_536
"""Tokens that it takes."""

_LAYERS, _WIDTH, _HEADS, _HIDDEN = 2, 64, 2, 128
_SEED = 1


def write_agent_model(folder: Path, source: Path) -> Path:
    """Write the model, the same bytes every time; returns its file.

    Arguments:
        folder: where to.
        source: the GGUF file whose vocabulary and chat template it gets.
    """
    file = folder / "agent-64k.gguf"
    reader = GGUFReader(source)
    writer = GGUFWriter(file, "llama")
    writer.add_name("Agent 64K, random weights")
    writer.add_context_length(WINDOW)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e6)
    num_tokens = 0
    for name, field in reader.fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            inner = field.types[-1] if kind is GGUFValueType.ARRAY else None
            writer.add_key_value(name, field.contents(), kind, inner)
            if name == "tokenizer.ggml.tokens":
                num_tokens = len(field.data)
    random = np.random.default_rng(_SEED)

    def matrix(name: str, inputs: int, outputs: int) -> None:
        values = random.standard_normal((outputs, inputs)) / np.sqrt(inputs)
        writer.add_tensor(name, values.astype(np.float32))

    def norm(name: str) -> None:
        writer.add_tensor(name, np.ones(_WIDTH, dtype=np.float32))

    matrix("token_embd.weight", _WIDTH, num_tokens)
    norm("output_norm.weight")
    for layer in range(_LAYERS):
        part = f"blk.{layer}."
        norm(part + "attn_norm.weight")
        matrix(part + "attn_q.weight", _WIDTH, _WIDTH)
        matrix(part + "attn_k.weight", _WIDTH, _WIDTH // _HEADS)
        matrix(part + "attn_v.weight", _WIDTH, _WIDTH // _HEADS)
        matrix(part + "attn_output.weight", _WIDTH, _WIDTH)
        norm(part + "ffn_norm.weight")
        matrix(part + "ffn_gate.weight", _WIDTH, _HIDDEN)
        matrix(part + "ffn_up.weight", _WIDTH, _HIDDEN)
        matrix(part + "ffn_down.weight", _HIDDEN, _WIDTH)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def main(arguments: Sequence[str]) -> int:
    """Write it into a folder."""
    if len(arguments) != 1:
        print("usage: python -m benchmarks.agent_model FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    print(write_agent_model(folder, prepare()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
