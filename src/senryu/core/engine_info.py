"""What an engine says of the model that it loaded."""

from dataclasses import dataclass

__all__ = [
    "EngineInfo",
]


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine found in the model that it loaded.

    Arguments:
        name: the model's own name, from its file.
        architecture: the architecture's name in the file, such as ``llama``.
        num_params: number of weights.
        file_size: bytes of weights on disk.
        quantization: the weights' format, such as ``Q4_0``.
        training_context: tokens the model was trained to attend to.
        window: tokens that one request may use here, prompt and reply together.
        chat_template: the Jinja source from the file, or None.
        special_tokens: texts that the tokenizer knows as markers.
        bos: text of the begin-of-sequence marker, empty if the model has none.
        eos: text of the end-of-turn marker, empty if the model has none.
        add_bos: whether the tokenizer puts ``bos`` before every prompt.
        temperature: sampling temperature recommended by the file, or None; so top_p and top_k.
        top_p: see temperature.
        top_k: see temperature.
        memory_bytes: resident memory of the loaded model and its KV cache, as measured.
        sees: whether prompts may show pictures.
    """

    name: str
    architecture: str
    num_params: int
    file_size: int
    quantization: str
    training_context: int
    window: int
    chat_template: str | None
    special_tokens: tuple[str, ...]
    bos: str
    eos: str
    add_bos: bool
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    memory_bytes: int = 0
    sees: bool = False
