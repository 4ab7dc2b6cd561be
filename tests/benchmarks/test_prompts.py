"""Requests of exact lengths, and requests that share beginnings."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.prompts import (
    Body,
    PromptError,
    ask,
    exact_prefix,
    exact_prompt,
    go_on,
    keep,
    plain_body,
    to_bytes,
)


async def count_words(body: Body) -> int:
    return len(f"{body['system']} {body['messages'][0]['content']}".split())


async def count_in_fours(body: Body) -> int:
    return 4 * await count_words(body)


@given(st.integers(30, 300), st.integers(0, 1000))
def test_prompts_and_prefixes_have_exactly_the_wished_length(length: int, number: int) -> None:
    for make in (exact_prompt, exact_prefix):
        assert asyncio.run(count_words(asyncio.run(make(count_words, number, length)))) == length


def test_a_length_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(PromptError, match="exactly 101 tokens"):
        asyncio.run(exact_prefix(count_in_fours, 1, 101))


def test_questions_share_the_system_text_and_differ_from_the_first_word() -> None:
    prefix = asyncio.run(exact_prefix(count_words, 1, 60))
    asked = [ask(prefix, index, max_tokens=4) for index in range(63)]
    assert {body["system"] for body in asked} == {prefix["system"]}
    assert len({body["messages"][0]["content"].split()[0] for body in asked}) == 63


def test_a_second_turn_begins_with_the_first() -> None:
    first = plain_body("one", max_tokens=4, system="two")
    second = go_on(first, "three", "four")
    assert second["messages"][:1] == first["messages"]
    assert [m["role"] for m in second["messages"]] == ["user", "assistant", "user"]


def test_a_kept_system_text_has_a_cache_point_of_an_hour() -> None:
    body = plain_body("one", max_tokens=4, system="two")
    (block,) = keep(body)["system"]
    assert (block["text"], block["cache_control"]["ttl"]) == ("two", "1h")
    assert body["system"] == "two"


def test_a_request_without_a_system_text_is_counted_without_one() -> None:
    assert json.loads(to_bytes(plain_body("one", max_tokens=4))).keys() == {"model", "messages"}
