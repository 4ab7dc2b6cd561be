"""The edit workload: replies that repeat most of their prompt. How much, and how fast they come.

The prompts are chosen once, by ``choose_edits.py``, and kept in ``data/edits.json``. This module
knows neither how they were found nor how servers are started.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import BadAnswerError, Reply, stream_message
from benchmarks.figures import Goal, Metric
from benchmarks.prompts import Body, plain_body
from benchmarks.servers import Server
from benchmarks.workloads import Figures, Workload, run_async

__all__ = [
    "EDITS_FILE",
    "MAX_REPLY_TOKENS",
    "Edit",
    "decode_rate",
    "edit_body",
    "edits_workload",
    "load_edits",
    "pieces",
    "repeated_share",
]

EDITS_FILE = Path(__file__).parent / "data" / "edits.json"
"""The chosen prompts."""

MAX_REPLY_TOKENS = 128
"""Where a reply is cut."""

_GRAM = 8
_PIECE = re.compile(r"\w+|[^\w\s]")
_TWICE = Goal(2.0, of="ratio", at_least=True)


@dataclass(frozen=True, slots=True)
class Edit:
    """A chosen prompt.

    Arguments:
        name: of the task and the text.
        prompt: the user's message, which is the whole request.
        repeated: how much of its greedy reply's 8-grams stood in the prompt when it was chosen.
        output_tokens: length of that reply.
    """

    name: str
    prompt: str
    repeated: float
    output_tokens: int


def pieces(text: str) -> list[str]:
    """The words and the single marks of a text, blanks left out: what 8-grams are made of."""
    return _PIECE.findall(text)


def repeated_share(prompt: str, reply: str) -> float:
    """Which part (0 to 1) of the reply's 8-grams occurs in the prompt; 0 if it has none.

    An 8-gram is eight neighbouring ``pieces``. One that the reply has several times counts as
    often.
    """
    known = set(_grams(prompt))
    grams = _grams(reply)
    return sum(gram in known for gram in grams) / len(grams) if grams else 0.0


def _grams(text: str) -> list[tuple[str, ...]]:
    found = pieces(text)
    return [tuple(found[place : place + _GRAM]) for place in range(len(found) - _GRAM + 1)]


def edit_body(prompt: str) -> Body:
    """The greedy request of an edit."""
    return plain_body(prompt, max_tokens=MAX_REPLY_TOKENS)


def load_edits(file: Path = EDITS_FILE) -> list[Edit]:
    """The chosen prompts, in the file's order."""
    return [Edit(**edit) for edit in json.loads(file.read_text(encoding="utf-8"))["edits"]]


def decode_rate(replies: list[Reply]) -> float:
    """Tokens a second of replies that came one after another, from each one's first token on.

    Raises:
        BadAnswerError: a reply came as a single piece, so that there is no time to divide by.
    """
    seconds = sum(reply.arrivals[-1] - reply.first for reply in replies if reply.arrivals)
    if any(len(reply.arrivals) < 2 for reply in replies):
        raise BadAnswerError("a reply to an edit has fewer than two pieces of text")
    return sum(reply.output_tokens - 1 for reply in replies) / seconds


def edits_workload(count: int, *, is_drafting: bool) -> Workload[Server]:
    """The first ``count`` edits, one after another.

    Arguments:
        count: how many of the chosen edits.
        is_drafting: whether the other server is the one that was started with drafts of its own.
    """
    other = ", the other server with drafts of its own" if is_drafting else ""
    ending = "_drafting" if is_drafting else ""
    metrics = (
        Metric(
            f"edits{ending}", f"decode of edits, 1 stream{other}", "tokens/s", "higher", goal=_TWICE
        ),
        Metric(f"edits_repeated{ending}", "their 8-grams that stood in the prompt", "%", "higher"),
    )

    async def measure(server: Server) -> Figures:
        edits = load_edits()[:count]
        replies = [await stream_message(server.port, edit_body(edit.prompt)) for edit in edits]
        shares = [repeated_share(e.prompt, r.text) for e, r in zip(edits, replies, strict=True)]
        return {
            metrics[0].id: decode_rate(replies),
            metrics[1].id: 100 * sum(shares) / len(shares),
        }

    return Workload(
        "edits-drafting" if is_drafting else "edits",
        metrics,
        2.5 * count,
        lambda server, _: run_async(measure(server)),
    )
