"""The official Python SDK, current release: what it sends is accepted, what it gets is right."""

import anthropic
import pytest
from anthropic.types import Message, TextBlock

from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.support.server import RunningServer

MODEL = "smollm2-135m-instruct"
# Always the most likely token, for tests that look at what is said. The newer API version takes no
# temperature, so these requests name the older one.
GREEDY = {"temperature": 0}
OLDER = {"anthropic-version": "2023-06-01"}
QUESTION: anthropic.types.MessageParam = {
    "role": "user",
    "content": "Name the capital of France.",
}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.base_url, api_key="any-key-will-do", max_retries=0)


def text_of(message: Message) -> str:
    return "".join(block.text for block in message.content if isinstance(block, TextBlock))


@requirement("messages.create", "sdk.python")
def test_create_returns_a_whole_message(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL, max_tokens=40, messages=[QUESTION], extra_body=GREEDY, extra_headers=OLDER
    )
    assert message.type == "message"
    assert message.role == "assistant"
    assert message.model == MODEL
    assert message.id.startswith("msg_01")
    assert message.stop_reason in ("end_turn", "max_tokens")
    assert "Paris" in text_of(message)
    assert message.usage.input_tokens > 0
    assert 0 < message.usage.output_tokens <= 40
    assert message.usage.cache_creation is not None


@requirement("streaming.sdk-helper")
def test_stream_helper_folds_to_the_final_message(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model=MODEL, max_tokens=40, messages=[QUESTION], extra_body=GREEDY, extra_headers=OLDER
    ) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text_of(final) == text
    assert "Paris" in text
    assert final.stop_reason in ("end_turn", "max_tokens")
    assert final.usage.output_tokens > 0


@requirement("streaming.raw-events")
def test_raw_stream_has_the_documented_order(client: anthropic.Anthropic) -> None:
    stream = client.messages.create(model=MODEL, max_tokens=8, messages=[QUESTION], stream=True)
    types = [event.type for event in stream]
    assert types[:2] == ["message_start", "content_block_start"]
    assert types[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(types[2:-3]) == {"content_block_delta"}


@requirement("streaming.input-tokens-first")
def test_message_start_carries_the_real_input_tokens(client: anthropic.Anthropic) -> None:
    counted = client.messages.count_tokens(model=MODEL, messages=[QUESTION])
    stream = client.messages.create(model=MODEL, max_tokens=4, messages=[QUESTION], stream=True)
    first = next(iter(stream))
    stream.close()
    assert first.type == "message_start"
    assert first.message.usage.input_tokens == counted.input_tokens


@requirement("count_tokens.equals-usage")
def test_count_tokens_equals_what_create_reports(client: anthropic.Anthropic) -> None:
    system = "Answer in one word."
    counted = client.messages.count_tokens(model=MODEL, system=system, messages=[QUESTION])
    message = client.messages.create(model=MODEL, system=system, max_tokens=1, messages=[QUESTION])
    assert counted.input_tokens == message.usage.input_tokens


@requirement("messages.stop_sequence")
def test_stop_sequence_is_cut_and_named(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=40,
        messages=[QUESTION],
        stop_sequences=["aris"],
        extra_body=GREEDY,
        extra_headers=OLDER,
    )
    assert message.stop_reason == "stop_sequence"
    assert message.stop_sequence == "aris"
    assert text_of(message).endswith("P")


@requirement("messages.max_tokens")
def test_max_tokens_is_kept_to_the_token(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=3,
        messages=[{"role": "user", "content": "Tell a long story."}],
        extra_body=GREEDY,
        extra_headers=OLDER,
    )
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 3


@requirement("messages.prefill")
def test_assistant_prefill_is_continued(client: anthropic.Anthropic) -> None:
    message = client.messages.create(
        model=MODEL,
        max_tokens=8,
        messages=[QUESTION, {"role": "assistant", "content": "The capital of France is"}],
        extra_body=GREEDY,
        extra_headers=OLDER,
    )
    assert text_of(message).startswith(" Paris")


@requirement("messages.system")
def test_system_prompt_as_string_and_as_blocks_is_the_same(client: anthropic.Anthropic) -> None:
    as_string = client.messages.count_tokens(model=MODEL, system="Be brief.", messages=[QUESTION])
    as_blocks = client.messages.count_tokens(
        model=MODEL, system=[{"type": "text", "text": "Be brief."}], messages=[QUESTION]
    )
    without = client.messages.count_tokens(model=MODEL, messages=[QUESTION])
    assert as_string.input_tokens == as_blocks.input_tokens != without.input_tokens


@requirement("models.list")
def test_models_are_listed_with_true_limits(client: anthropic.Anthropic) -> None:
    (model,) = list(client.models.list(limit=1))
    assert model.id == MODEL
    assert model.max_tokens == 8192  # the window
    assert model.max_input_tokens == 8191  # a reply needs one token of it
    assert client.models.retrieve(MODEL) == model


@requirement("errors.sdk-classes")
def test_errors_map_to_the_sdk_classes(client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as missing:
        client.messages.create(model="no-such-model", max_tokens=1, messages=[QUESTION])
    assert missing.value.body == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "model: no-such-model"},
        "request_id": missing.value.request_id,
    }
    with pytest.raises(anthropic.BadRequestError, match="messages"):
        client.messages.create(model=MODEL, max_tokens=1, messages=[])
    with pytest.raises(anthropic.NotFoundError):
        client.get("/v1/nothing-here", cast_to=object)


@requirement("errors.prompt-too-long")
def test_a_prompt_beyond_the_window_is_refused_in_the_words_that_clients_parse(
    client: anthropic.Anthropic,
) -> None:
    long = "one two three " * 4000
    with pytest.raises(
        anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > 8191 maximum"
    ):
        client.messages.create(
            model=MODEL, max_tokens=1, messages=[{"role": "user", "content": long}]
        )


@requirement("headers.request-id")
def test_raw_response_has_a_request_id(client: anthropic.Anthropic) -> None:
    raw = client.messages.with_raw_response.create(model=MODEL, max_tokens=1, messages=[QUESTION])
    assert raw.headers["request-id"].startswith("req_")
    assert raw.parse().usage.output_tokens <= 1


@pytest.mark.anyio
@exercises("anthropic", "async: stream, create, models")
@requirement("sdk.python-async")
async def test_async_client_streams_and_creates(server: RunningServer) -> None:
    async with anthropic.AsyncAnthropic(
        base_url=server.base_url, api_key="any-key-will-do", max_retries=0
    ) as client:
        async with client.messages.stream(
            model=MODEL, max_tokens=20, messages=[QUESTION]
        ) as stream:
            streamed = "".join([text async for text in stream.text_stream])
        message = await client.messages.create(model=MODEL, max_tokens=20, messages=[QUESTION])
        listed = [model.id async for model in client.models.list()]
    assert streamed
    assert text_of(message)
    assert MODEL in listed


@requirement("foundry.client")
@exercises("anthropic", "the Foundry client, below /anthropic")
def test_the_foundry_client_works_under_its_prefix(server: RunningServer) -> None:
    client = anthropic.AnthropicFoundry(
        base_url=f"{server.base_url}/anthropic", api_key="any-key-will-do", max_retries=0
    )
    message = client.messages.create(model=MODEL, max_tokens=20, messages=[QUESTION])
    assert text_of(message)
