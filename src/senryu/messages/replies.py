"""The tokens that replies were generated as, so that a conversation's next prompt begins with them.

Text comes back from clients without its tokens, and a tokenizer may cut it otherwise than the model
did: the prompt would differ from what is cached. So the tokens are kept, by a digest of the whole
conversation up to the reply's end, which makes the same history the same tokens as long as they are
remembered; the first reply with a text wins. No text is kept.

Reasoning is no part of the digest: it is dropped from older turns, and what was said after it
stays. Neither are the ids of calls, which mean nothing to a model.
"""

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from senryu.bounded import Bounded
from senryu.core import (
    Call,
    Conversation,
    Part,
    Passage,
    Picture,
    Result,
    Role,
    Thought,
    Utterance,
)

__all__ = ["Replies", "ReplyPart"]

ReplyPart = Passage | Thought | Call

_MAX_TOKENS = 1_000_000  # per workspace: about 5 MB
_ENTRY_COST = 64  # in tokens: what an entry takes besides them


class Replies:
    """What the models of a server said, as tokens, per workspace.

    Arguments:
        max_tokens: how many are kept for one workspace.
    """

    def __init__(self, max_tokens: int = _MAX_TOKENS) -> None:
        self._remembered: Bounded[bytes, _Remembered] = Bounded(max_tokens)

    def restored(self, conversation: Conversation, *, workspace: str, model: str) -> Conversation:
        """The conversation with the tokens of every part that the model said in it.

        Arguments:
            workspace: whose conversation it is; nothing another one was told is used.
            model: the id of the model that is asked; another one's tokens mean something else.
        """
        history = _digest(model)
        utterances: list[Utterance] = []
        for utterance in conversation.utterances:
            if utterance.role == "assistant":
                utterances.append(self._restored(utterance, history, workspace=workspace))
            else:
                utterances.append(utterance)
            _extend(history, utterance)
        return replace(conversation, utterances=tuple(utterances))

    def remember(
        self,
        conversation: Conversation,
        parts: Sequence[ReplyPart],
        *,
        thoughts_end: bool = True,
        prefill_tokens: Sequence[int] = (),
        workspace: str,
        model: str,
    ) -> None:
        """Keep a reply's tokens.

        Arguments:
            conversation: what it replied to.
            parts: what the reply says, with its tokens, as a client may send it back.
            thoughts_end: whether all thoughts come first, and the tokens of what follows them say
                no more than that; if not, they are of use only together with the thoughts.
            prefill_tokens: those of the beginning that the conversation gave, if it gave one.
            workspace: whose conversation it is.
            model: the id of the model that replied.
        """
        prefill = ""
        utterances = conversation.utterances
        if conversation.continue_last:
            *utterances, begun = utterances
            prefill = begun.text
        history = _digest(model)
        for utterance in utterances:
            _extend(history, utterance)
        said = prefill + "".join(_said(part) for part in parts)
        history.update(said.encode())
        reply = _remembered(
            parts, prefill, prefill_tokens=prefill_tokens, thoughts_end=thoughts_end
        )
        cost = len(reply.tokens) + _ENTRY_COST
        self._remembered.keep(workspace, _key(history, len(said)), reply, cost=cost)

    def _restored(self, utterance: Utterance, history: Any, *, workspace: str) -> Utterance:
        parts = list(utterance.parts)
        said, length = history.copy(), 0
        for index, part in enumerate(utterance.parts):
            said.update(_said(part).encode())
            length += len(_said(part))
            found = self._remembered.get(workspace, _key(said, length))
            if found and not isinstance(part, Thought):
                parts[: index + 1] = found.given_to(parts[: index + 1])
        return replace(utterance, parts=tuple(parts))


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A model's whole utterance.

    Arguments:
        tokens: all of it.
        cuts: after so many characters, thoughts included, so many of the tokens.
        thoughts: digest of the thoughts; of nothing, if there are none.
        rest: characters of the thoughts, where what follows them can be used without them.
    """

    tokens: "array[int]"
    cuts: dict[int, int]
    thoughts: bytes
    rest: int | None

    def given_to(self, parts: Sequence[Part]) -> list[Part]:
        """The same parts with their tokens; without, if they are cut where tokens cannot be."""
        place: int | None = 0
        if self.thoughts != _digest_of_thoughts(parts):
            place = self.rest if not any(isinstance(part, Thought) for part in parts) else None
        given: list[Part] = []
        for part in parts:
            end = -1 if place is None else place + _length(part)
            if place is None or isinstance(part, Result | Picture) or end not in self.cuts:
                return list(parts)
            tokens = self.tokens[self.cuts[place] : self.cuts[end]]
            given.append(replace(part, tokens=tuple(tokens)))
            place = end
        return given


def _remembered(
    parts: Sequence[ReplyPart],
    prefill: str,
    *,
    prefill_tokens: Sequence[int],
    thoughts_end: bool,
) -> _Remembered:
    tokens = array("I", prefill_tokens)
    length = len(prefill)
    cuts = {0: 0, length: len(tokens)}
    for part in parts:
        tokens.extend(part.tokens or ())
        length += _length(part)
        cuts[length] = len(tokens)
    of_thoughts = sum(len(part.text) for part in parts if isinstance(part, Thought))
    rest = of_thoughts if thoughts_end else None
    return _Remembered(tokens, cuts, _digest_of_thoughts(parts), rest)


def _said(part: Part) -> str:
    """What a part is known by; a text cannot look like anything but itself."""
    match part:
        case Passage(text=text):
            return text
        case Picture(image=image):
            return f"\0{image.digest}\0"
        case Thought():
            return ""
        case Call(name=name, arguments=arguments):
            return f"\0{name}\0{arguments}\0"
        case Result(text=text, is_error=is_error):
            return f"\0{is_error}\0{text}\0"


def _length(part: Part) -> int:
    return len(part.text) if isinstance(part, Thought) else len(_said(part))


def _digest(model: str) -> Any:
    return hashlib.sha256(model.encode() + b"\0")


def _digest_of_thoughts(parts: Iterable[Part]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Thought):
            digest.update(f"{part.text}\0".encode())
    return digest.digest()


def _extend(history: Any, utterance: Utterance) -> None:
    if utterance.role == "assistant":
        said = "".join(_said(part) for part in utterance.parts)
    else:
        results = (_said(part) for part in utterance.parts if isinstance(part, Result | Picture))
        said = "".join([*results, utterance.text])
    history.update(said.encode())
    history.update(_end(utterance.role, len(said)))


def _key(history: Any, length: int) -> bytes:
    """The digest of a history whose last characters are what the model said."""
    whole = history.copy()
    whole.update(_end("assistant", length))
    return whole.digest()


def _end(role: Role, length: int) -> bytes:
    """Comes after an utterance's text: read from the end, no two histories are alike."""
    return f" {length} {role}\n".encode()
