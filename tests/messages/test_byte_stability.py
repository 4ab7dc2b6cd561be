"""A conversation's next prompt begins with all of the last one and with the reply's own tokens.

Whole turns through the real code, over an engine whose replies have tokens that no tokenizer would
make of their text.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Chunk, EngineInfo
from senryu.documents.reader import Reader
from senryu.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from senryu.messages.cache_control import CacheRules
from senryu.messages.caller import Caller
from senryu.messages.count import count_tokens
from senryu.messages.fetching import Intake
from senryu.messages.memory import Memory
from senryu.messages.resolve import Catalog, ServedModel
from senryu.messages.turn import open_turn
from senryu.wire.fold import fold
from senryu.wire.messages import Message
from senryu.wire.parse import parse
from senryu.wire.requests import CountTokensRequest, MessagesRequest
from tests.contract.manifest import requirement

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TRIMMING = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('') }}{% endif %}"
    "<|im_start|>{{ m.role }}: {{ m.content | trim }}<|im_end|>{% endfor %}<|im_start|>assistant: "
)
WIDE = replace(SCRIPTED_INFO, window=100_000)
INFOS = {
    "smollm2": WIDE,
    "template": replace(WIDE, name="Other", chat_template=CHATML),
    "trimming template": replace(WIDE, name="Other", chat_template=TRIMMING),
}
BILLING = "x-anthropic-billing-header: cc_version=2.1; cch="

TEXT = st.text(st.sampled_from("ab <|im_end|>\né🎏"), min_size=1, max_size=8)
VISIBLE = st.text(st.sampled_from("abcé🎏"), min_size=1, max_size=8)
CONTROL = st.sampled_from([None, {"type": "ephemeral"}, {"type": "ephemeral", "ttl": "5m"}])


@dataclass(frozen=True)
class Exchange:
    """What is said in one turn.

    Arguments:
        said: the user's texts.
        reminder: a system message after them, empty for none.
        prefill: how the reply must begin, empty for none.
        reply: the reply's pieces, each a chunk with tokens of its own.
        in_parts: whether a continued reply comes back in two blocks.
    """

    said: list[str]
    reminder: str
    prefill: str
    reply: list[str]
    in_parts: bool


EXCHANGES = st.lists(
    st.builds(
        Exchange,
        said=st.lists(TEXT, min_size=1, max_size=3),
        reminder=st.just("") | TEXT,
        prefill=st.just("") | VISIBLE,
        reply=st.lists(st.text(st.sampled_from("ab é🎏\n"), min_size=1), min_size=1, max_size=3),
        in_parts=st.booleans(),
    ),
    min_size=2,
    max_size=4,
)


class Conversation:
    """A client that sends a growing history, never twice in the same form."""

    def __init__(self, info: EngineInfo, data: st.DataObject) -> None:
        self._info = info
        self._draw = data.draw
        self._memory = Memory()
        self._history: list[tuple[str, list[str]]] = []
        self._system = self._draw(st.lists(TEXT, max_size=2))
        self._next_token = 1000

    def take(self, exchange: Exchange) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The prompt's tokens and the reply's."""
        self._history.append(("user", exchange.said))
        if exchange.reminder:
            self._history.append(("system", [exchange.reminder]))
        if exchange.prefill:
            self._history.append(("assistant", [exchange.prefill]))
        chunks = [self._chunk(text) for text in exchange.reply]
        prompt, message = asyncio.run(self._send(chunks))
        reply = "".join(block.text for block in message.content if block.type == "text")
        assert reply == "".join(exchange.reply)
        if exchange.prefill:
            _, (begun,) = self._history.pop()
            self._history.append(
                ("assistant", [begun, reply] if exchange.in_parts else [begun + reply])
            )
        else:
            self._history.append(("assistant", [reply]))
        return prompt, tuple(token for chunk in chunks for token in chunk.tokens)

    def _chunk(self, text: str) -> Chunk:
        """A chunk of one token for two characters, or so."""
        num = 1 + len(text) // 2
        self._next_token += num
        return Chunk(tuple(range(self._next_token - num, self._next_token)), text)

    async def _send(self, chunks: list[Chunk]) -> tuple[tuple[int, ...], Message]:
        engine = ScriptedEngine(chunks, info=self._info)
        created = datetime(2026, 1, 1, tzinfo=UTC)
        catalog = Catalog([ServedModel("m", "m", created, engine, CacheRules(1))], {})
        context: Any = {
            "catalog": catalog,
            "caller": Caller(),
            "memory": self._memory,
            "intake": Intake(Reader()),
        }
        body = self._body()
        request = parse(json.dumps(body).encode(), MessagesRequest, drop_unknown=False).value
        turn = await open_turn(request, **context)
        message = fold([event async for events in turn.events() for event in events])
        del body["max_tokens"]
        counting = parse(json.dumps(body).encode(), CountTokensRequest, drop_unknown=False).value
        counted = await count_tokens(counting, **context)
        assert engine.last_job is not None
        usage = message.usage
        billed = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
        assert counted.input_tokens == usage.input_tokens + billed == len(engine.last_job.tokens)
        return engine.last_job.tokens, message

    def _body(self) -> dict[str, Any]:
        """The history in some form: strings or blocks, with breakpoints here or there."""
        marked = set(self._draw(st.lists(st.integers(0, 20), max_size=3), label="breakpoints"))
        billing = {"type": "text", "text": f"{BILLING}{self._draw(VISIBLE, label='billing')};"}
        places = iter(range(10_000))

        def content(texts: Sequence[str]) -> Any:
            if len(texts) == 1 and self._draw(st.booleans(), label="as a string"):
                next(places)
                return texts[0]
            return [block(text) for text in texts]

        def block(text: str) -> dict[str, Any]:
            control = {"cache_control": {"type": "ephemeral"}} if next(places) in marked else {}
            return {"type": "text", "text": text} | control

        return {
            "model": "m",
            "max_tokens": 50_000,
            "cache_control": self._draw(CONTROL, label="automatic"),
            "system": [billing, *map(block, self._system)],
            "messages": [
                {"role": role, "content": content(texts)} for role, texts in self._history
            ],
        }


@requirement("caching.byte_stable", "caching.byte_stable.replies", "caching.count_tokens")
@pytest.mark.parametrize("info", INFOS.values(), ids=INFOS.keys())
@given(EXCHANGES, st.data())
def test_a_growing_conversation_never_loses_its_prefix(
    info: EngineInfo, exchanges: list[Exchange], data: st.DataObject
) -> None:
    conversation = Conversation(info, data)
    known: tuple[int, ...] = ()
    for exchange in exchanges:
        prompt, reply = conversation.take(exchange)
        assert prompt[: len(known)] == known
        known = prompt + reply
