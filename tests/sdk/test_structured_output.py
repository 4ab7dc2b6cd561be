"""Structured output through the official SDK's parse helpers, on the embedded model.

The schemas that the SDK makes of types bound neither texts nor lists, which so small a model may
never end; where a type has them, its own schema is sent, which says how long they may be.
"""

import json
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Literal

import anthropic
import pytest
from anthropic.types import MessageParam
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.support.sdk import (
    EMBEDDED,
    GREEDY,
    OLDER,
    calls_of,
    check_stream,
    connect,
    kinds_of,
    satisfies,
    text_of,
)
from tests.support.server import RunningServer


class Size(Enum):
    """How large a fruit is."""

    SMALL = "small"
    LARGE = "large"


class Strict(BaseModel):
    """A model that knows all of its fields."""

    model_config = ConfigDict(extra="forbid")


class Item(Strict):
    """What is ordered."""

    fruit: Literal["apple", "pear", "plum"]
    size: Size
    ripe: bool


class Customer(Strict):
    """Who orders."""

    title: Literal["Dr.", "Prof."] | None
    is_new: bool


class Order(Strict):
    """An order of which everything is bounded by its types."""

    customer: Customer
    item: Item
    another: Item | None
    note: Literal["gift", "urgent"] | None = None


class Orders(Strict):
    """Orders with texts and lists."""

    name: Annotated[str, Field(min_length=1, max_length=20)]
    email: Annotated[str, Field(pattern=r"^[a-z]{1,9}@example\\.org$")]
    orders: Annotated[list[Order], Field(min_length=1, max_length=2)]


ASKED: MessageParam = {
    "role": "user",
    "content": "Dr. Ada Byron (ada@example.org) wants a small ripe apple and a plum, as a gift.",
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 20},
        "population": {"type": "integer", "minimum": 0, "maximum": 99999999},
        "continent": {"enum": ["Africa", "America", "Asia", "Europe", "Oceania"]},
    },
    "required": ["city", "population", "continent"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "schema": SCHEMA}
PARIS: MessageParam = {"role": "user", "content": "Tell me about Paris."}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[anthropic.Anthropic]:
    with connect(server.base_url, default_headers=OLDER) as connected:
        yield connected


def ask(client: anthropic.Anthropic, **fields: Any) -> Any:
    """A greedy reply of the schema."""
    asked: dict[str, Any] = {"max_tokens": 120, "output_config": {"format": FORMAT}} | fields
    create: Any = client.messages.create  # has an overload for each value of an option
    return create(model=EMBEDDED, messages=[PARIS], extra_body=GREEDY, **asked)


@exercises("anthropic", "`messages.parse` by a type")
@requirement("sdk.parse", "output.format")
@pytest.mark.parametrize("is_beta", [False, True])
def test_parse_returns_what_its_type_says(client: anthropic.Anthropic, is_beta: bool) -> None:
    parse: Any = client.beta.messages.parse if is_beta else client.messages.parse
    message = parse(
        model=EMBEDDED, max_tokens=200, messages=[ASKED], output_format=Order, extra_body=GREEDY
    )
    assert isinstance(message.parsed_output, Order)
    assert isinstance(message.parsed_output.item.size, Size)
    assert message.stop_reason == "end_turn"
    assert kinds_of(message) == ["text"]


@requirement("sdk.parse", "output.format.thinking", "streaming.sdk-helper")
def test_a_parsed_stream_thinks_freely_and_answers_in_the_form(
    client: anthropic.Anthropic,
) -> None:
    with client.messages.stream(
        model=EMBEDDED,
        max_tokens=200,
        messages=[ASKED],
        output_format=Item,
        thinking={"type": "adaptive"},
        extra_body=GREEDY,
    ) as stream:
        check_stream(stream)
        message = stream.get_final_message()
    assert kinds_of(message) == ["thinking", "text"]
    assert isinstance(message.parsed_output, Item)
    details = message.usage.output_tokens_details
    assert details is not None
    assert details.thinking_tokens > 0


@requirement("sdk.parse", "output.format")
def test_texts_and_lists_are_as_long_as_the_types_own_schema_says(
    client: anthropic.Anthropic,
) -> None:
    schema = Orders.model_json_schema()
    with client.messages.stream(
        model=EMBEDDED,
        max_tokens=500,
        messages=[ASKED],
        output_format=Orders,
        extra_body={
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
            "temperature": 1,
        },
    ) as stream:
        message = stream.get_final_message()
    assert isinstance(message.parsed_output, Orders)
    assert satisfies(schema, json.loads(text_of(message)))


@requirement("sdk.parse")
@pytest.mark.parametrize("kind", [Size, Literal["red", "green"], bool | None])
def test_types_that_are_no_objects_are_parsed(client: anthropic.Anthropic, kind: Any) -> None:
    parse: Any = client.messages.parse
    message = parse(
        model=EMBEDDED, max_tokens=20, messages=[ASKED], output_format=kind, extra_body=GREEDY
    )
    assert message.stop_reason == "end_turn"
    assert message.parsed_output == TypeAdapter(kind).validate_json(text_of(message))


@requirement("output.format")
def test_the_older_field_means_the_same(client: anthropic.Anthropic) -> None:
    newer = ask(client)
    create: Any = client.beta.messages.create
    older = create(
        model=EMBEDDED,
        max_tokens=120,
        messages=[PARIS],
        betas=["structured-outputs-2025-11-13"],
        extra_body=GREEDY | {"output_format": FORMAT},
    )
    assert older.usage.input_tokens == newer.usage.input_tokens
    for message in (newer, older):
        assert satisfies(SCHEMA, json.loads(text_of(message)))


@requirement("output.format")
def test_stop_sequences_and_max_tokens_cut_an_answer_and_say_so(
    client: anthropic.Anthropic,
) -> None:
    stopped = ask(client, stop_sequences=['"continent"'])
    assert stopped.stop_reason == "stop_sequence"
    assert text_of(stopped).startswith('{"city": ')
    cut = ask(client, max_tokens=6)
    assert cut.stop_reason == "max_tokens"
    assert text_of(stopped).startswith(text_of(cut))


@requirement("output.format")
def test_what_cannot_be_enforced_is_refused_by_its_path(client: anthropic.Anthropic) -> None:
    schema = SCHEMA | {"properties": SCHEMA["properties"] | {"city": {"not": {"const": "Rome"}}}}
    with pytest.raises(anthropic.BadRequestError, match=r"schema\.properties\.city\.not: "):
        ask(client, output_config={"format": FORMAT | {"schema": schema}})


@requirement("output.format", "tools.calls")
@pytest.mark.parametrize("choice", ["auto", "any", "none"])
def test_a_reply_is_an_answer_of_the_form_or_calls(
    client: anthropic.Anthropic, choice: str
) -> None:
    look_up = {"name": "look_up", "description": "Looks up a city.", "input_schema": SCHEMA}
    message = ask(client, tools=[look_up], tool_choice={"type": choice})
    calls = calls_of(message)
    assert all(satisfies(SCHEMA, call.input) for call in calls)
    assert calls or choice != "any"
    assert not calls or choice != "none"
    assert calls or satisfies(SCHEMA, json.loads(text_of(message)))
    assert calls or message.stop_reason == "end_turn"
