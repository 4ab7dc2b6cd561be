"""Values that pass between layers: plain, frozen, and knowing nothing of HTTP, JSON or llama.cpp.

Text enters as a ``Conversation``, a family renders it to a ``Prompt``, an engine turns the prompt
into tokens, runs a ``Job`` over them and answers with ``Chunk``s, and the family's parser turns the
chunks' text into ``Piece``s. Each of those words means exactly the class of that name below.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = [
    "CachePoint",
    "CacheUse",
    "CachedPrefix",
    "Chunk",
    "Conversation",
    "EngineInfo",
    "FinishReason",
    "Job",
    "Passage",
    "Piece",
    "Prompt",
    "PromptTokens",
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
class Passage:
    """The text of one content block, never empty.

    Arguments:
        text: what it says.
        lifetime_s: how long the prompt up to its end should stay in the prompt cache, None where
            the request does not ask for it. It never changes what is rendered.
        tokens: the very tokens it was generated as, None for a text that did not come from the
            model.
    """

    text: str
    lifetime_s: int | None = None
    tokens: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """One speaker's uninterrupted passages in a conversation, at least one.

    A model's own passages belong together without a gap; what others write are paragraphs.
    """

    role: Role
    passages: tuple[Passage, ...]

    @property
    def separator(self) -> str:
        """What stands between two passages."""
        return "" if self.role == "assistant" else "\n\n"

    @property
    def text(self) -> str:
        """All of it."""
        return self.separator.join(passage.text for passage in self.passages)


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

    A ``block`` is exactly one passage. It is tokenised by itself, so that its tokens depend on no
    neighbour, and where it ends is a place that the prompt cache can name. ``tokens``, where given,
    are its tokens.
    """

    text: str
    special: bool = False
    block: bool = False
    tokens: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a family rendered and an engine can tokenise."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """A prompt in tokens.

    Arguments:
        ids: the token ids, the begin-of-sequence token included where the model has one.
        block_ends: for each ``block`` segment, in order, how many of ``ids`` come up to its end.
    """

    ids: tuple[int, ...]
    block_ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CachePoint:
    """A place in a prompt up to which it should be kept, and whose earlier entries may be read.

    Arguments:
        position: tokens before it.
        lifetime_s: seconds that the entry lives, counted again from each use.
        lookback: positions of earlier block ends where an entry may be found instead, descending.
    """

    position: int
    lifetime_s: int
    lookback: tuple[int, ...] = ()


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
        max_tokens: how many tokens may be generated; 0 only computes the prompt. The caller has
            checked that ``len(tokens) + max_tokens`` fits the engine's window.
        sampling: how tokens are chosen.
        workspace: whose job it is; engines are fair between workspaces and never share cached
            state between them.
        cache_points: where the prompt should be kept in the cache, positions ascending.
        block_ends: where its content blocks end, positions ascending: what a later prompt that
            begins alike most likely shares.
        priority: whether it goes before jobs that have none.
    """

    id: str
    tokens: tuple[int, ...]
    max_tokens: int
    sampling: Sampling
    workspace: str = "default"
    cache_points: tuple[CachePoint, ...] = ()
    block_ends: tuple[int, ...] = ()
    priority: bool = False


class FinishReason(StrEnum):
    """Why an engine stopped generating by itself."""

    END = "end"  # the model emitted an end-of-generation token (which no chunk contains)
    LENGTH = "length"  # max_tokens were generated


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What the prompt cache did for a job, known when its prefill begins.

    Arguments:
        cached: prompt tokens that need no prefill, whatever kept them.
        read: of the prompt, the tokens up to the living entry that a cache point found, else 0.
    """

    cached: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class CachedPrefix:
    """A beginning of prompts that an engine keeps.

    Arguments:
        num_tokens: its length.
        num_uses: how many prompts were begun with it since it is kept.
        lifetime_s: how long it lives after each use, None where no request asked for it and it goes
            when its room is needed.
        expires_in_s: seconds until its lifetime ends unless it is used before, None likewise.
    """

    num_tokens: int
    num_uses: int
    lifetime_s: int | None = None
    expires_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """What an engine generated since its last chunk.

    ``text`` is the decoded text of ``tokens``, held back while it ends inside a UTF-8 character,
    so a chunk can have tokens and no text. The first chunk, and no other, has ``cache``; it comes
    when the prompt's prefill begins and may have nothing else. The last chunk, and no other, has
    ``finish``; it may have no tokens.
    """

    tokens: tuple[int, ...]
    text: str
    finish: FinishReason | None = None
    cache: CacheUse | None = None


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

    Arguments:
        prompt: the whole prompt.
        output: the reply.
        cached: how much of the prompt an engine already held, which makes a reply faster and is a
            metric, not a bill.
        cache_read: tokens read from a cache entry that the request asked for.
        cache_written_5m: tokens written to an entry that lives five minutes.
        cache_written_1h: tokens written to an entry that lives an hour.
    """

    prompt: int
    output: int = 0
    cached: int = 0
    cache_read: int = 0
    cache_written_5m: int = 0
    cache_written_1h: int = 0

    @property
    def uncached_input(self) -> int:
        """The prompt's tokens that no cache entry has a part in: what replies call input tokens."""
        return self.prompt - self.cache_read - self.cache_written_5m - self.cache_written_1h


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
