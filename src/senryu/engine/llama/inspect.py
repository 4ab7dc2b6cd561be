"""Says what a GGUF file is and what it needs, from its header alone.

It loads no weights, needs no native library and does not know families; figures of memory are
computed from the header, so they are what the weights and the KV cache take, without the working
memory of the native library.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from senryu.engine.llama.gguf import Header, Scalar, read_header
from senryu.engine.llama.marker_text import looks_like_marker

__all__ = ["Metadata", "ModelFile", "inspect_file", "part_files"]

_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_KV_VALUE_BYTES = 2  # the KV cache holds 16-bit floats
_TOKENS, _TOKEN_TYPES = "tokenizer.ggml.tokens", "tokenizer.ggml.token_type"
_CONTROL, _USER_DEFINED = 3, 4  # llama.cpp's enum llama_token_type in include/llama.h

Metadata = Mapping[str, Scalar | tuple[Scalar, ...]]

# general.file_type: llama.cpp's enum llama_ftype in include/llama.h
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0",
    38: "MXFP4_MOE", 39: "NVFP4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What a model file says of itself.

    Arguments:
        path: the file, the first part of a split model.
        name: the model's own name.
        architecture: the architecture's name, such as ``llama``.
        num_params: number of weights, of all parts.
        size_bytes: bytes on disk, of all parts.
        quantization: the weights' format, such as ``Q4_0``.
        training_context: tokens that the model was trained to attend to; 0 if it does not say.
        chat_template: the Jinja source, or None.
        special_tokens: texts that the tokenizer knows as markers.
        bos: text of the begin-of-sequence marker, empty if there is none.
        eos: text of the end-of-turn marker, empty if there is none.
        add_bos: whether the tokenizer puts ``bos`` before every prompt.
        kv_bytes_per_token: KV memory a token takes; an upper bound for models that keep less than
            plain attention does; 0 if the file does not say enough.
        organization: who published the model, empty if it does not say.
        licence: its licence's identifier, empty if it does not say.
        languages: codes of the languages that it was made for, none if it does not say.
    """

    path: Path
    name: str
    architecture: str
    num_params: int
    size_bytes: int
    quantization: str
    training_context: int
    chat_template: str | None
    special_tokens: tuple[str, ...]
    bos: str
    eos: str
    add_bos: bool
    kv_bytes_per_token: int
    organization: str
    licence: str
    languages: tuple[str, ...]

    def memory_bytes(self, cells: int) -> int:
        """Weights and a KV cache of so many tokens."""
        return self.size_bytes + self.kv_bytes_per_token * cells


def part_files(file: Path) -> list[Path]:
    """All parts of a split model, given its first part; the file alone if it is whole."""
    match = _PART.search(file.name)
    if match is None:
        return [file]
    stem, total = file.name[: match.start()], match.group(2)
    return [
        file.with_name(f"{stem}-{number:05}-of-{total}.gguf") for number in range(1, int(total) + 1)
    ]


def inspect_file(file: Path) -> ModelFile:
    """Read what a GGUF file says of itself.

    Raises:
        StartupError: it (or one of its parts) is missing, no GGUF file, cut off or damaged.
    """
    parts = part_files(file)
    headers = [read_header(part, keep=(_TOKENS, _TOKEN_TYPES)) for part in parts]
    metadata = headers[0].metadata
    architecture = str(metadata.get("general.architecture", "unknown"))
    template = metadata.get("tokenizer.chat_template")
    return ModelFile(
        path=file,
        name=str(metadata.get("general.name", file.stem)),
        architecture=architecture,
        num_params=sum(header.num_params for header in headers),
        size_bytes=sum(part.stat().st_size for part in parts),
        quantization=_FILE_TYPES.get(_integer(metadata.get("general.file_type"), -1), "unknown"),
        training_context=_integer(metadata.get(f"{architecture}.context_length"), 0),
        chat_template=template if isinstance(template, str) else None,
        special_tokens=_special_tokens(metadata),
        bos=_token(metadata, "tokenizer.ggml.bos_token_id"),
        eos=_token(metadata, "tokenizer.ggml.eos_token_id"),
        add_bos=metadata.get("tokenizer.ggml.add_bos_token") is True,
        kv_bytes_per_token=_kv_bytes_per_token(headers[0], architecture),
        organization=str(metadata.get("general.organization", "")),
        licence=str(metadata.get("general.license", "")),
        languages=_languages(metadata),
    )


def _languages(metadata: Metadata) -> tuple[str, ...]:
    found = metadata.get("general.languages")
    return tuple(map(str, found)) if isinstance(found, tuple) else ()


def _special_tokens(metadata: Metadata) -> tuple[str, ...]:
    tokens, kinds = metadata.get(_TOKENS), metadata.get(_TOKEN_TYPES)
    if not isinstance(tokens, tuple) or not isinstance(kinds, tuple):
        return ()
    return tuple(
        str(text)
        for text, kind in zip(tokens, kinds, strict=False)
        if kind in (_CONTROL, _USER_DEFINED)
        and looks_like_marker(str(text), is_control=kind == _CONTROL)
    )


def _token(metadata: Metadata, key: str) -> str:
    """The text of a token whose number is under a key."""
    tokens, number = metadata.get(_TOKENS), _integer(metadata.get(key), -1)
    if not isinstance(tokens, tuple) or not 0 <= number < len(tokens):
        return ""
    return str(tokens[number])


def _kv_bytes_per_token(header: Header, architecture: str) -> int:
    """Keys and values of every layer (a layer without attention has no KV heads)."""
    metadata = header.metadata
    num_layers = _integer(metadata.get(f"{architecture}.block_count"), 0)
    num_heads = metadata.get(f"{architecture}.attention.head_count")
    width = _integer(metadata.get(f"{architecture}.embedding_length"), 0)
    most_heads = max(_per_layer(num_heads, num_layers), default=0)
    head_width = width // most_heads if most_heads else 0
    key = _integer(metadata.get(f"{architecture}.attention.key_length"), head_width)
    value = _integer(metadata.get(f"{architecture}.attention.value_length"), head_width)
    kv_heads = metadata.get(f"{architecture}.attention.head_count_kv", num_heads)
    return sum(_per_layer(kv_heads, num_layers)) * (key + value) * _KV_VALUE_BYTES


def _per_layer(value: Scalar | tuple[Scalar, ...] | None, num_layers: int) -> list[int]:
    if isinstance(value, tuple):
        return [_integer(item, 0) for item in value]
    return [_integer(value, 0)] * num_layers


def _integer(value: Scalar | tuple[Scalar, ...] | None, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default
