"""The prompt cache through the official Python SDK, against the app over a scripted engine."""

from collections.abc import Iterator

import anthropic
import pytest
from anthropic.types import CacheControlEphemeralParam, MessageParam, TextBlockParam, Usage

from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

RULES = "Be kind. " * 20
HOUR: CacheControlEphemeralParam = {"type": "ephemeral", "ttl": "1h"}
SYSTEM: list[TextBlockParam] = [{"type": "text", "text": RULES, "cache_control": HOUR}]
ASKED: list[MessageParam] = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def client() -> Iterator[anthropic.Anthropic]:
    with (
        running_app(cache_min_tokens=1) as app,
        anthropic.Anthropic(base_url=app.base_url, api_key="any", max_retries=0) as connected,
    ):
        yield connected


def read_and_written(usage: Usage) -> tuple[int, int, int]:
    """Tokens read, written for an hour, and written for five minutes."""
    created = usage.cache_creation
    assert created is not None
    long, short = created.ephemeral_1h_input_tokens, created.ephemeral_5m_input_tokens
    assert usage.cache_creation_input_tokens == long + short
    assert usage.cache_read_input_tokens is not None
    return usage.cache_read_input_tokens, long, short


@requirement("caching.sdk", "caching.prewarm")
def test_a_prewarmed_prompt_is_read(client: anthropic.Anthropic) -> None:
    warmed = client.messages.create(model=MODEL, max_tokens=0, system=SYSTEM, messages=ASKED)
    assert (warmed.content, warmed.stop_reason) == ([], "max_tokens")
    assert warmed.usage.output_tokens == 0
    read, long, short = read_and_written(warmed.usage)
    assert (read, short) == (0, 0)
    assert long > len(RULES)
    reply = client.messages.create(model=MODEL, max_tokens=9, system=SYSTEM, messages=ASKED)
    assert read_and_written(reply.usage) == (long, 0, 0)
    assert reply.usage.input_tokens == warmed.usage.input_tokens


@requirement("caching.sdk", "caching.usage.streams")
def test_a_stream_folds_to_the_same_counts(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model=MODEL, max_tokens=9, system=SYSTEM, messages=ASKED) as stream:
        first = stream.get_final_message()
    again = client.messages.create(model=MODEL, max_tokens=9, system=SYSTEM, messages=ASKED)
    read, long, short = read_and_written(first.usage)
    assert (read, short) == (0, 0)
    assert read_and_written(again.usage) == (long, 0, 0)


@requirement("caching.sdk", "caching.automatic")
def test_a_conversation_pays_for_what_is_new(client: anthropic.Anthropic) -> None:
    history = list(ASKED)
    kept: list[int] = []
    for _ in range(3):
        reply = client.messages.create(
            model=MODEL, max_tokens=99, messages=history, cache_control={"type": "ephemeral"}
        )
        read, long, short = read_and_written(reply.usage)
        assert long == 0
        assert read == (kept[-1] if kept else 0)
        kept.append(read + short)
        history.append(reply.to_param())
        history.append({"role": "user", "content": "And again."})
    assert kept == sorted(set(kept))


@requirement("caching.sdk", "caching.diagnostics")
def test_diagnostics_are_the_sdks_types(client: anthropic.Anthropic) -> None:
    first = client.messages.create(
        model=MODEL,
        max_tokens=9,
        system=SYSTEM,
        messages=ASKED,
        diagnostics={"previous_message_id": None},
    )
    assert first.diagnostics is None
    other = client.messages.create(
        model=MODEL,
        max_tokens=9,
        system="Be brief.",
        messages=ASKED,
        diagnostics={"previous_message_id": first.id},
    )
    assert other.diagnostics is not None
    reason = other.diagnostics.cache_miss_reason
    assert isinstance(reason, anthropic.types.CacheMissSystemChanged)
    assert reason.cache_missed_input_tokens > len(RULES)


@requirement("caching.sdk", "caching.breakpoints.at_most_four")
def test_too_many_breakpoints_are_a_bad_request(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError, match="A maximum of 4 blocks"):
        client.messages.create(model=MODEL, max_tokens=1, system=SYSTEM * 5, messages=ASKED)
