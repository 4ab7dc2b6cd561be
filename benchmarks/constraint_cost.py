"""What constrained decoding costs: the same streams with and without a schema, on one server.

With a schema, replies are one JSON object that cannot end before ``max_tokens``: either one text of
endless length, in which no token is forced, so that every mask counts; or endless short records,
whose keys and marks are forced, which a server may turn into speed. Without it, the prompts tell of
the schema too, so that all arms decode as many tokens behind prompts of about the same length. It
knows nothing of how a constraint is enforced.
"""

import asyncio
import json
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.client import BadAnswerError, Reply, stream_message
from benchmarks.figures import Goal, Metric
from benchmarks.prompts import Body, story_prompt
from benchmarks.servers import Server
from benchmarks.workloads import Figures, Workload, run_async, steady_rate

__all__ = ["constraint_workload", "record_schema", "text_schema"]

_STREAMS = 8
_TURNS = 3  # of each arm in a run: a machine is not equally fast all the time
_FIRST_NUMBER = 700_000
_SHARE = Goal(0.95, at_least=True)
_LONGEST = 100_000  # characters
_MOST_RECORDS = 1000


def text_schema() -> dict[str, Any]:
    """One text, longer than any reply."""
    return _closed({"story": {"type": "string", "minLength": _LONGEST}})


def record_schema() -> dict[str, Any]:
    """More records than any reply has room for: a name, a number, a choice."""
    record = _closed(
        {
            "name": {"type": "string", "minLength": 3, "maxLength": 24},
            "number": {"type": "integer", "minimum": 0, "maximum": 9999},
            "kind": {"enum": ["person", "place", "thing", "idea"]},
        }
    )
    return _closed({"list": {"type": "array", "items": record, "minItems": _MOST_RECORDS}})


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _constrained(body: Body, schema: dict[str, Any]) -> Body:
    return {**body, "output_config": {"format": {"type": "json_schema", "schema": schema}}}


def _told(body: Body, schema: dict[str, Any]) -> Body:
    """The same prompt, nearly: whoever must satisfy a schema is also told of it."""
    text = f"Nothing of your answer has to satisfy this JSON schema:\n{json.dumps(schema)}"
    return {**body, "system": f"{body['system']}\n\n{text}"}


async def _replies(server: Server, bodies: Sequence[Body]) -> list[Reply]:
    return await asyncio.gather(*(stream_message(server.port, body) for body in bodies))


def _forced(replies: Sequence[Reply]) -> float:
    """Which part of the tokens, in percent, came in an event with another one."""
    num_tokens = sum(reply.output_tokens for reply in replies)
    return 100 * (1 - sum(len(reply.arrivals) for reply in replies) / num_tokens)


def constraint_workload(length: int) -> Workload[Server]:
    """Eight streams of so many tokens each, free, as a text and as records, in turns."""
    label = f"decode, {_STREAMS} streams"
    metrics = (
        *(
            metric
            for name, what in (
                ("text", "in a JSON text without forced tokens"),
                ("records", "in JSON records, forced tokens included"),
            )
            for metric in (
                Metric(f"cost_{name}_free", f"{label}, told of a schema, not held to it",
                       "tokens/s", "higher", section="promises"),
                Metric(f"cost_{name}", f"{label}, {what}", "tokens/s", "higher",
                       section="promises"),
                Metric(f"cost_{name}_share", "the second as a part of the first", "×", "higher",
                       goal=_SHARE, section="promises"),
            )
        ),
        Metric("cost_forced", "tokens of the records that took no step of their own", "%",
               "higher", section="promises"),
    )  # fmt: skip

    async def measure(server: Server, repetition: int) -> Figures:
        schemas = {"text": text_schema(), "records": record_schema()}
        first = _FIRST_NUMBER + 1000 * repetition
        rates: dict[str, list[float]] = {}
        figures: Figures = {}
        for name, schema in list(schemas.items()) * _TURNS:
            for ask in (_told, _constrained):
                bodies = [
                    story_prompt(number, max_tokens=length)
                    for number in range(first, first + _STREAMS)
                ]
                first += _STREAMS
                replies = await _replies(server, [ask(body, schema) for body in bodies])
                if ask is _constrained and any(r.output_tokens < length for r in replies):
                    raise BadAnswerError(f"a reply in {name} ended before its {length} tokens")
                rates.setdefault(f"{name}{ask.__name__}", []).append(steady_rate(replies))
            figures["cost_forced"] = _forced(replies)  # in the end those of the records
        for name in schemas:
            free = statistics.median(rates[f"{name}_told"])
            held = statistics.median(rates[f"{name}_constrained"])
            figures |= {f"cost_{name}_free": free, f"cost_{name}": held}
            figures[f"cost_{name}_share"] = held / free
        return figures

    seconds = 4 * _TURNS * (0.6 + length * (0.005 + 0.0033 * _STREAMS))
    return Workload(
        "constraint-cost",
        metrics,
        seconds,
        lambda server, repetition: run_async(measure(server, repetition)),
    )
