"""The requests that are sent: cold prompts of an exact length, and prompts with long replies.

Every prompt begins with a number of its own, in the system text, which comes first in what the
model sees, so no server can have more than the template's first marker in a cache. It knows nothing
of time.
"""

import json
import random
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.servers import MODEL

__all__ = ["Body", "PromptError", "exact_prompt", "story_prompt", "to_bytes"]

Body = dict[str, Any]

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


class PromptError(Exception):
    """No prompt of the wished length could be made."""


def _body(number: int, text: str, *, max_tokens: int) -> Body:
    return {
        "model": MODEL,
        "max_tokens": max_tokens,
        "temperature": 0,
        "system": f"{_scramble(number)} is the number of this talk. You are a helpful assistant.",
        "messages": [{"role": "user", "content": text}],
    }


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


async def exact_prompt(
    count: Callable[[Body], Awaitable[int]], number: int, num_tokens: int
) -> Body:
    """A request for one token whose prompt has exactly ``num_tokens`` tokens.

    Arguments:
        count: tells how many tokens a request's prompt has.
        number: makes the prompt its own; equal numbers make equal prompts.
        num_tokens: the length, chat template included.

    Raises:
        PromptError: adding and removing words does not lead to that length.
    """
    source = random.Random(number)
    words = [source.choice(_WORDS) for _ in range(num_tokens)]
    num_words, excess = num_tokens, 0
    for _ in range(_MAX_ROUNDS):
        body = _body(number, " ".join(words[:num_words]), max_tokens=1)
        excess = await count(body) - num_tokens
        if excess == 0:
            return body
        num_words = max(1, min(len(words), num_words - excess))
    raise PromptError(f"no prompt of exactly {num_tokens} tokens; the nearest is {excess:+} off")


def to_bytes(body: Body) -> bytes:
    """The body of a request that counts tokens, which takes fewer fields."""
    return json.dumps({key: body[key] for key in ("model", "system", "messages")}).encode()
