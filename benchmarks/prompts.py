"""The requests that are sent: cold prompts of an exact length, and prompts with long replies.

Every prompt begins with a number of its own, in the system text, which comes first in what the
model sees, so no server can have more than the template's first marker in a cache. Where prompts
are to share a beginning, the beginning has the number. It knows nothing of time.
"""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.servers import MODEL

__all__ = [
    "Body",
    "Count",
    "PromptError",
    "ask",
    "exact_prefix",
    "exact_prompt",
    "go_on",
    "keep",
    "plain_body",
    "story_prompt",
    "to_bytes",
    "words",
]

Body = dict[str, Any]

Count = Callable[[Body], Awaitable[int]]
"""Tells how many tokens a request's prompt has."""

# Common words, each one token in nearly every vocabulary, so that one more word is one more token.
_WORDS = (
    "time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world",
    "school", "state", "family", "student", "group", "country", "problem", "hand", "part", "place",
    "case", "week", "company", "system", "program", "question", "work", "number", "night", "point",
    "home", "water", "room", "mother", "area", "money", "story", "fact", "month", "lot", "right",
    "study", "book", "eye", "job", "word", "business", "issue", "side", "kind", "head", "house",
    "service", "friend", "father", "power", "hour", "game", "line", "end", "member", "law",
)  # fmt: skip

_TOPICS = (
    "a lighthouse keeper", "a lost map", "two rival bakers", "a train through the mountains",
    "the first winter on a farm", "a clockmaker's daughter", "a ship without a captain",
    "an old bridge", "a village school", "the last dragon", "a garden in the desert",
    "a travelling circus", "a letter from far away", "three brothers and a mill",
    "a library at night", "a fisherman and the storm",
)  # fmt: skip

_MAX_ROUNDS = 20
_SHORTEST = "Why?"


class PromptError(Exception):
    """No prompt of the wished length could be made."""


def plain_body(text: str, *, max_tokens: int, system: str = "") -> Body:
    """A greedy request of one user message."""
    messages = [{"role": "user", "content": text}]
    body = {"model": MODEL, "max_tokens": max_tokens, "temperature": 0, "messages": messages}
    return {**body, "system": system} if system else body


def _body(number: int, text: str, *, max_tokens: int) -> Body:
    system = f"{_opening(number)} You are a helpful assistant."
    return plain_body(text, max_tokens=max_tokens, system=system)


def _opening(number: int) -> str:
    return f"{_scramble(number)} is the number of this talk."


def _scramble(number: int) -> int:
    """Another number for each number; neighbours differ from the first digits on."""
    return random.Random(number).randrange(10**8, 10**9)


def story_prompt(number: int, *, max_tokens: int) -> Body:
    """A short request (about 50 tokens) whose greedy reply is long.

    Arguments:
        number: makes the prompt its own; equal numbers make equal prompts.
        max_tokens: length of the reply, which the model would not end before.
    """
    topic = _TOPICS[number % len(_TOPICS)]
    return _body(
        number,
        f"Write a very long and detailed story about {topic}, in at least ten chapters.",
        max_tokens=max_tokens,
    )


def words(source: random.Random, count: int) -> str:
    """So many common words, drawn from ``source``: about as many tokens."""
    return " ".join(source.choice(_WORDS) for _ in range(count))


async def exact_prompt(count: Count, number: int, num_tokens: int) -> Body:
    """A request for one token whose prompt has exactly ``num_tokens`` tokens.

    Arguments:
        count: tells how many tokens a request's prompt has.
        number: makes the prompt its own; equal numbers make equal prompts.
        num_tokens: the length, chat template included.

    Raises:
        PromptError: adding and removing words does not lead to that length.
    """
    return await _exact(count, lambda text: _body(number, text, max_tokens=1), number, num_tokens)


async def exact_prefix(count: Count, number: int, num_tokens: int) -> Body:
    """A request for one token with a long system text and the shortest of questions.

    ``ask`` makes requests of it that share that system text. For the arguments and what is raised
    see ``exact_prompt``; the length is that of the whole prompt with its shortest question.
    """
    return await _exact(
        count,
        lambda text: plain_body(_SHORTEST, max_tokens=1, system=f"{_opening(number)} {text}"),
        number,
        num_tokens,
    )


async def _exact(count: Count, make: Callable[[str], Body], number: int, num_tokens: int) -> Body:
    all_words = words(random.Random(number), num_tokens).split()
    num_words, excess = num_tokens, 0
    for _ in range(_MAX_ROUNDS):
        body = make(" ".join(all_words[:num_words]))
        excess = await count(body) - num_tokens
        if excess == 0:
            return body
        num_words = max(1, min(len(all_words), num_words - excess))
    raise PromptError(f"no prompt of exactly {num_tokens} tokens; the nearest is {excess:+} off")


def ask(prefix: Body, index: int, *, max_tokens: int) -> Body:
    """The same system text with another question (about 20 tokens).

    Arguments:
        prefix: what ``exact_prefix`` made.
        index: of the question, 0 to 62; they differ from the first word on.
        max_tokens: length of the reply.
    """
    word, topic = _WORDS[index].capitalize(), _TOPICS[index % len(_TOPICS)]
    text = f"{word}: tell me a story about it, and about {topic}."
    return {**prefix, "max_tokens": max_tokens, "messages": [{"role": "user", "content": text}]}


def go_on(body: Body, reply: str, text: str) -> Body:
    """The next turn: the same request with its reply and a further user message.

    A model that is asked about random words may answer nothing, which no request may hold.
    """
    turn = [{"role": "assistant", "content": reply or "Well."}, {"role": "user", "content": text}]
    return {**body, "messages": [*body["messages"], *turn]}


def keep(body: Body) -> Body:
    """The same request with a cache point of one hour at the end of its system text."""
    block = {
        "type": "text",
        "text": body["system"],
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
    return {**body, "system": [block]}


def to_bytes(body: Body) -> bytes:
    """The body of a request that counts tokens, which takes fewer fields."""
    counted = ("model", "system", "messages")
    return json.dumps({key: body[key] for key in counted if key in body}).encode()
