"""Values that pass between layers: plain, frozen, and knowing nothing of HTTP, JSON or llama.cpp.

Text enters as a ``Conversation``, a family renders it to a ``Prompt``, an engine turns the prompt
into tokens, runs a ``Job`` over them and answers with ``Chunk``s, and the family's parser turns the
chunks' text into ``Piece``s. Each of those words means exactly the class of that name below.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = [
    "Chunk",
    "Conversation",
    "EngineInfo",
    "FinishReason",
    "Job",
    "Piece",
    "Prompt",
    "Role",
    "Sampling",
    "Segment",
    "TextPiece",
    "TokenUsage",
    "TurnEnd",
    "Utterance",
]

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker's uninterrupted text in a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A normalised history: no empty utterance, no two neighbours with the same role.

    ``continue_last`` says that the last utterance is the beginning of the model's own reply (an
    assistant prefill), which the model goes on with instead of starting a new turn.
    """

    utterances: tuple[Utterance, ...]
    continue_last: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of prompt text.

    ``special`` text is a marker of the model's own (``<|im_start|>``) and must become the token of
    that name; other text must never do so, whatever it spells: that is what keeps a user from
    forging a turn.
    """

    text: str
    special: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a family rendered and an engine can tokenise."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen.

    Arguments:
        temperature: 0 picks the most likely token (greedy); otherwise the softmax temperature.
        top_p: nucleus mass, 1 keeps everything.
        top_k: how many of the most likely tokens to keep, 0 keeps all.
        seed: makes a sampled reply repeatable; None draws a fresh one.
    """

    temperature: float
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One generation for an engine.

    Arguments:
        id: unique among the jobs in flight.
        tokens: the prompt, at least one token.
        max_tokens: how many tokens may be generated, at least 1; the caller has checked that
            ``len(tokens) + max_tokens`` fits the engine's window.
        sampling: how tokens are chosen.
        workspace: whose job it is; engines are fair between workspaces and never share cached
            state between them.
    """

    id: str
    tokens: tuple[int, ...]
    max_tokens: int
    sampling: Sampling
    workspace: str = "default"


class FinishReason(StrEnum):
    """Why an engine stopped generating by itself."""

    END = "end"  # the model emitted an end-of-generation token (which no chunk contains)
    LENGTH = "length"  # max_tokens were generated


@dataclass(frozen=True, slots=True)
class Chunk:
    """What an engine generated since its last chunk.

    ``text`` is the decoded text of ``tokens``, held back while it ends inside a UTF-8 character,
    so a chunk can have tokens and no text. The last chunk, and no other, has ``finish``; it may
    have no tokens. The first chunk, and no other, may have ``cached_tokens`` above 0: how much of
    the prompt needed no prefill.
    """

    tokens: tuple[int, ...]
    text: str
    finish: FinishReason | None = None
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A run of the reply's visible text, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnEnd:
    """The model ended its turn in text (it spelled an end marker); nothing after it counts."""


Piece = TextPiece | TurnEnd


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Token counts of one request, so far.

    ``prompt`` is the whole prompt; ``cached`` is how much of it an engine already held, which makes
    a reply faster and is a metric, not a bill.
    """

    prompt: int
    output: int = 0
    cached: int = 0


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
