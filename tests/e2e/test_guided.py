"""Replies that must keep to something, on the real server: many at once, cached, in strict mode."""

import asyncio
import json
from collections.abc import Generator
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam

from tests.contract.manifest import requirement
from tests.support.sdk import (
    EMBEDDED,
    calls_of,
    check_stream,
    connect,
    kinds_of,
    satisfies,
    text_of,
    thinking_of,
)
from tests.support.server import RunningServer, running_server

CONFIG = """
mode = "strict"

[[models]]
cells = 16384
cache_min_tokens = 64
cache_disk_mb = 0
calibrate = "off"
"""
# What the model is made to say when its budget is spent, and the marker behind it.
WRAP_UP = 24
BETAS = {"anthropic-beta": "interleaved-thinking-2025-05-14"}
COLOURS = ["red", "green", "blue"]
ASKED: MessageParam = {"role": "user", "content": "Name some colours, and say how warm they are."}


def tool(name: str, **fields: Any) -> dict[str, Any]:
    """A tool whose arguments have a bit of everything, and an end."""
    shade = {
        "type": "object",
        "properties": {
            "name": {"enum": COLOURS},
            "alias": {"type": "string", "pattern": "^[a-zé]{2,9}$"},
            "warmth": {"anyOf": [{"type": "integer", "minimum": -9, "maximum": 9}, {"const": "?"}]},
        },
        "required": ["name", "warmth"],
        "additionalProperties": False,
    }
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 30},
            "shades": {"type": "array", "items": shade, "minItems": 1, "maxItems": 3},
        },
        "required": ["title", "shades"],
        "additionalProperties": False,
    }
    return {"name": name, "description": f"Makes a {name}.", "input_schema": schema} | fields


SCHEMA = tool("palette")["input_schema"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    config = tmp_path_factory.mktemp("guided") / "senryu.toml"
    config.write_text(CONFIG, encoding="utf-8")
    with running_server("--config", str(config)) as running:
        yield running


def metric(server: RunningServer, name: str) -> float:
    text = httpx2.get(f"{server.base_url}/metrics").text
    (line,) = [row for row in text.splitlines() if row.startswith(f"senryu_engine_{name}{{")]
    return float(line.rsplit(" ", 1)[1])


def check_call(message: Any) -> None:
    (call,) = message.content
    assert call.type == "tool_use"
    assert satisfies(SCHEMA, call.input)
    assert message.stop_reason == "tool_use"


def check_answer(message: Any) -> None:
    (block,) = message.content
    assert satisfies(SCHEMA, json.loads(block.text))
    assert message.stop_reason == "end_turn"


def check_thinking(message: Any) -> None:
    assert kinds_of(message) == ["thinking", "text"]
    assert 0 < message.usage.output_tokens_details.thinking_tokens <= 75 + WRAP_UP


def check_text(message: Any) -> None:
    assert kinds_of(message) == ["text"]
    assert "<tool_call>" not in text_of(message)


KINDS: list[tuple[dict[str, Any], Any]] = [
    (
        {
            "tools": [tool("palette"), tool("chart")],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        },
        check_call,
    ),
    ({"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}, check_answer),
    (
        {
            "thinking": {"type": "adaptive"},
            "max_tokens": 100,
            "messages": [{"role": "user", "content": "Tell a long story of a dragon and a king."}],
        },
        check_thinking,
    ),
    (
        {"tools": [tool("palette")], "tool_choice": {"type": "none"}, "max_tokens": 20},
        check_text,
    ),
]


@requirement("tools.calls", "output.format", "thinking.budget", "tools.choice.none")
@pytest.mark.anyio
@pytest.mark.timeout(180)
async def test_many_replies_at_once_keep_each_to_its_own(server: RunningServer) -> None:
    """At temperature 1, so that no two of them are alike."""
    async with anthropic.AsyncAnthropic(
        base_url=server.base_url,
        api_key="any-key-will-do",
        max_retries=0,
        default_headers={"anthropic-version": "2023-06-01"},
    ) as client:

        async def reply(number: int) -> None:
            asked, check = KINDS[number % len(KINDS)]
            stream: Any = client.messages.stream
            body = {"model": EMBEDDED, "max_tokens": 400, "messages": [ASKED]} | asked
            async with stream(**body, extra_body={"temperature": 1}) as events:
                check_stream([event async for event in events])
                check(await events.get_final_message())

        await asyncio.gather(*map(reply, range(16)))
    assert metric(server, "running") == 0


@requirement("tools.custom", "caching.breakpoints", "caching.usage")
def test_tools_are_cached_whatever_the_order_of_their_keys(server: RunningServer) -> None:
    def ask(client: anthropic.Anthropic, *tools: Any, text: str) -> Any:
        create: Any = client.messages.create
        asked = {"role": "user", "content": text}
        return create(model=EMBEDDED, max_tokens=1, tools=tools, messages=[asked]).usage

    first, last = tool("first"), tool("last", cache_control={"type": "ephemeral"})
    with connect(server.base_url) as client:
        written = ask(client, first, last, text="Hello.")
        assert written.cache_read_input_tokens == 0
        assert written.cache_creation_input_tokens > 64
        read = ask(client, turned(first), turned(last), text="And again.")
    assert read.cache_read_input_tokens == written.cache_creation_input_tokens
    assert read.cache_creation_input_tokens == 0


def turned(value: Any) -> Any:
    """The same JSON value with the keys of all of its objects the other way round."""
    if isinstance(value, dict):
        members: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {key: turned(member) for key, member in reversed(members.items())}
    return value


@requirement("caching.byte_stable.calls", "caching.automatic")
def test_a_loop_is_read_from_the_cache_with_the_calls_own_tokens(server: RunningServer) -> None:
    history: list[Any] = [ASKED]
    kept = 0
    with connect(server.base_url) as client:
        create: Any = client.messages.create
        for _ in range(3):
            before = metric(server, "cached_tokens_total")
            reply = create(
                model=EMBEDDED,
                max_tokens=400,
                messages=history,
                tools=[tool("loop")],
                tool_choice={"type": "any", "disable_parallel_tool_use": True},
                cache_control={"type": "ephemeral"},
            )
            check_call(reply)
            usage = reply.usage
            assert usage.cache_read_input_tokens == kept
            # the last reply, too, is there, but for what was not computed because it had to come
            found = metric(server, "cached_tokens_total") - before
            if kept:
                assert found > kept + usage.output_tokens // 2
            kept += usage.cache_creation_input_tokens
            (call,) = calls_of(reply)
            answered = {"type": "tool_result", "tool_use_id": call.id, "content": "done"}
            history += [
                {"role": "assistant", "content": reply.content},
                {"role": "user", "content": [answered]},
            ]


@requirement("thinking.signature.strict")
def test_only_what_the_server_thought_comes_back(server: RunningServer) -> None:
    with connect(server.base_url, default_headers=BETAS) as client:
        create: Any = client.messages.create
        asked: dict[str, Any] = {
            "model": EMBEDDED,
            "max_tokens": 40,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "tools": [tool("palette")],
        }
        (thought,) = thinking_of(create(messages=[ASKED], **asked))
        arguments = {"title": "Warm", "shades": [{"name": "red", "warmth": 5}]}
        call = {"type": "tool_use", "id": "toolu_1", "name": "palette", "input": arguments}
        answered = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}

        def go_on(block: Any) -> Any:
            assistant = {"role": "assistant", "content": [block, call]}
            results = {"role": "user", "content": [answered]}
            return create(messages=[ASKED, assistant, results], **asked)

        assert kinds_of(go_on(thought))[0] == "thinking"
        with pytest.raises(anthropic.BadRequestError, match="Invalid `signature` in `thinking`"):
            go_on(thought.model_copy(update={"thinking": thought.thinking + " No."}))
