"""Tools through the official SDK, on the embedded model.

What it calls is forced: it is too small to choose well, and what is promised holds whatever a model
would like to say.
"""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic import beta_tool
from anthropic.types import Message, MessageParam

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

PLAN: dict[str, Any] = {
    "name": "plan",
    "description": "Plans a meeting.",
    "input_schema": {
        "type": "object",
        "properties": {
            "title": {"type": "string", "maxLength": 24},
            "city": {"enum": ["Zürich", "東京", "Genève"]},
            "people": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "minLength": 2, "maxLength": 12},
                        "role": {"enum": ["host", "guest"]},
                    },
                    "required": ["name", "role"],
                    "additionalProperties": False,
                },
                "minItems": 1,
                "maxItems": 2,
            },
            "day": {
                "anyOf": [{"type": "integer", "minimum": 1, "maximum": 28}, {"const": "later"}]
            },
        },
        "required": ["title", "city", "people", "day"],
        "additionalProperties": False,
    },
}
CANCEL: dict[str, Any] = {
    "name": "cancel",
    "description": "Cancels a meeting.",
    "input_schema": {
        "type": "object",
        "properties": {"title": {"type": "string", "maxLength": 24}},
        "required": ["title"],
        "additionalProperties": False,
    },
}
SCHEMAS = {tool["name"]: tool["input_schema"] for tool in (PLAN, CANCEL)}
ASKED: MessageParam = {"role": "user", "content": "Plan a meeting of Ada and Max in Zürich."}
ONCE = {"type": "any", "disable_parallel_tool_use": True}


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[anthropic.Anthropic]:
    with connect(server.base_url, default_headers=OLDER) as connected:
        yield connected


def ask(client: anthropic.Anthropic, *messages: MessageParam, **fields: Any) -> Message:
    """A greedy reply with both tools at hand."""
    asked: dict[str, Any] = {"max_tokens": 400, "tools": [PLAN, CANCEL]} | fields
    create: Any = client.messages.create  # has an overload for each value of an option
    return create(model=EMBEDDED, messages=messages or [ASKED], extra_body=GREEDY, **asked)


def count(client: anthropic.Anthropic, *messages: MessageParam, **fields: Any) -> int:
    """What ``count_tokens`` says of the same request."""
    asked: dict[str, Any] = {"tools": [PLAN, CANCEL]} | fields
    return client.messages.count_tokens(
        model=EMBEDDED, messages=messages or [ASKED], **asked
    ).input_tokens


def result(call: Any, content: Any = "done", **fields: Any) -> Any:
    """What a call came to."""
    return {"type": "tool_result", "tool_use_id": call.id, "content": content, **fields}


def check_calls(message: Message) -> None:
    """Fail unless all calls are of tools that were given, and valid."""
    for call in calls_of(message):
        assert call.id.startswith("toolu_01")
        assert satisfies(SCHEMAS[call.name], call.input)


@requirement("tools.choice", "tools.calls")
def test_any_forces_calls_without_text_before_them(client: anthropic.Anthropic) -> None:
    message = ask(client, tool_choice={"type": "any"})
    assert message.stop_reason == "tool_use"
    assert set(kinds_of(message)) == {"tool_use"}
    check_calls(message)


@requirement("tools.choice", "tools.choice.parallel", "tools.calls")
@pytest.mark.parametrize("name", ["plan", "cancel"])
def test_a_named_tool_is_called_once_if_it_may_not_be_called_more_often(
    client: anthropic.Anthropic, name: str
) -> None:
    choice = {"type": "tool", "name": name, "disable_parallel_tool_use": True}
    message = ask(client, tool_choice=choice)
    (call,) = message.content
    assert call.type == "tool_use"
    assert call.name == name
    assert message.stop_reason == "tool_use"
    check_calls(message)


@requirement("tools.choice.none")
def test_none_makes_no_call_of_a_prompt_that_asks_for_nothing_else(
    client: anthropic.Anthropic,
) -> None:
    called = ask(client, tool_choice=ONCE)
    (call,) = calls_of(called)
    history: list[MessageParam] = [
        ASKED,
        {"role": "assistant", "content": called.content},
        {"role": "user", "content": [result(call), {"type": "text", "text": "And once more."}]},
    ]
    message = ask(client, *history, tool_choice={"type": "none"}, max_tokens=60)
    assert "tool_use" not in kinds_of(message)
    assert "tool_call" not in text_of(message)
    counts = {
        count(client, *history, tool_choice={"type": kind}) for kind in ("none", "auto", "any")
    }
    assert counts == {message.usage.input_tokens}


@requirement("tools.choice")
def test_auto_leaves_it_to_the_model_and_what_it_calls_is_valid(
    client: anthropic.Anthropic,
) -> None:
    message = ask(client, max_tokens=60)
    assert message.stop_reason in ("end_turn", "tool_use", "max_tokens")
    assert (message.stop_reason == "tool_use") is bool(calls_of(message))
    check_calls(message)


@requirement("tools.calls", "tools.history")
def test_a_loop_ends_in_an_answer(client: anthropic.Anthropic) -> None:
    history: list[MessageParam] = [ASKED]
    for choice in ({"type": "tool", "name": "plan"}, {"type": "tool", "name": "cancel"}):
        reply = ask(client, *history, tool_choice=choice | {"disable_parallel_tool_use": True})
        check_calls(reply)
        history.append({"role": "assistant", "content": reply.content})
        history.append({"role": "user", "content": [result(call) for call in calls_of(reply)]})
    answer = ask(client, *history, tool_choice={"type": "none"}, max_tokens=30)
    assert answer.stop_reason in ("end_turn", "max_tokens")
    assert text_of(answer).strip()


@requirement("tools.results")
def test_results_of_every_form_go_into_the_prompt(client: anthropic.Anthropic) -> None:
    text = {"type": "text", "text": "They meet at noon."}
    document = {
        "type": "document",
        "title": "Minutes",
        "source": {"type": "text", "media_type": "text/plain", "data": "They met at noon."},
    }
    calls: list[Any] = [
        {"type": "tool_use", "id": f"toolu_{n}", "name": "cancel", "input": {"title": f"{n}"}}
        for n in range(4)
    ]
    forms: list[Any] = [
        {"content": "They meet at noon."},
        {"content": [text, document]},
        {},
        {"content": "There is no such meeting.", "is_error": True},
    ]
    results: list[Any] = [
        {"type": "tool_result", "tool_use_id": call["id"], **form}
        for call, form in zip(calls, forms, strict=True)
    ]
    message = ask(
        client,
        ASKED,
        {"role": "assistant", "content": calls},
        {"role": "user", "content": [*results, {"type": "text", "text": "So?"}]},
        max_tokens=5,
    )
    assert message.usage.output_tokens <= 5
    with pytest.raises(anthropic.BadRequestError, match="toolu_3"):
        ask(
            client,
            ASKED,
            {"role": "assistant", "content": calls},
            {"role": "user", "content": results[:3]},
        )


@requirement("tools.calls", "streaming.sdk-helper")
@pytest.mark.parametrize("is_eager", [False, True])
def test_streamed_arguments_concatenate_to_valid_json(
    client: anthropic.Anthropic, is_eager: bool
) -> None:
    tool = PLAN | {"eager_input_streaming": is_eager}
    asked: dict[str, Any] = {"tools": [tool], "tool_choice": ONCE, "extra_body": GREEDY}
    with client.messages.stream(
        model=EMBEDDED, max_tokens=400, messages=[ASKED], **asked
    ) as stream:
        events = list(stream)
        message = stream.get_final_message()
    (spelled,) = check_stream(events)
    (call,) = calls_of(message)
    assert json.loads(spelled) == call.input
    assert message.stop_reason == "tool_use"
    check_calls(message)
    num_deltas = len([event for event in events if event.type == "input_json"])
    assert num_deltas > 1 if is_eager else num_deltas == 1


@requirement("tools.cut")
@pytest.mark.parametrize("is_eager", [False, True])
def test_a_call_that_is_cut_never_arrives_as_if_whole(
    client: anthropic.Anthropic, is_eager: bool
) -> None:
    whole = ask(client, tool_choice=ONCE)
    num_tokens = whole.usage.output_tokens
    tool = PLAN | {"eager_input_streaming": is_eager}
    asked: Any = {"tools": [tool], "tool_choice": {"type": "any"}, "extra_body": GREEDY}
    for max_tokens in (1, 9, num_tokens // 2, num_tokens + 9):
        with client.messages.stream(
            model=EMBEDDED, max_tokens=max_tokens, messages=[ASKED], **asked
        ) as stream:
            spelled = check_stream(stream, is_eager=is_eager)
            message = stream.get_final_message()
        assert message.stop_reason == "max_tokens"
        assert message.usage.output_tokens == max_tokens
        assert "plan" not in text_of(message)
        if not is_eager:
            assert all(satisfies(PLAN["input_schema"], json.loads(s)) for s in spelled if s)


@requirement("tools.strict")
def test_a_strict_schema_is_enforced_and_one_that_cannot_be_is_refused_by_its_path(
    client: anthropic.Anthropic,
) -> None:
    message = ask(client, tools=[PLAN | {"strict": True}], tool_choice=ONCE)
    check_calls(message)
    title = {"type": "string", "pattern": "^(?!a)"}
    tool = CANCEL | {"input_schema": {"type": "object", "properties": {"title": title}}}
    with pytest.raises(anthropic.BadRequestError, match=r"schema\.properties\.title\.pattern: "):
        ask(client, tools=[tool | {"strict": True}])


TYPED: list[dict[str, Any]] = [
    {"type": "bash_20250124", "name": "bash"},
    {"type": "text_editor_20250124", "name": "str_replace_editor"},
    {"type": "text_editor_20250429", "name": "str_replace_based_edit_tool"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 99},
    {"type": "memory_20250818", "name": "memory"},
    {
        "type": "computer_20250124",
        "name": "computer",
        "display_width_px": 800,
        "display_height_px": 600,
    },
]
EXAMPLES: dict[str, dict[str, Any]] = {
    "bash": {"command": "ls -l"},
    "memory": {"command": "view", "path": "/memories"},
    "computer": {"action": "screenshot"},
}


@requirement("tools.typed")
@pytest.mark.parametrize("tool", TYPED, ids=lambda tool: tool["type"])
def test_the_apis_own_tools_are_called_as_their_clients_expect(
    client: anthropic.Anthropic, tool: dict[str, Any]
) -> None:
    example = EXAMPLES.get(tool["name"], {"command": "view", "path": "/notes.txt"})
    asked = {"role": "user", "content": f"Use the tool, like this: {json.dumps(example)}"}
    message = client.beta.messages.create(
        model=EMBEDDED,
        max_tokens=120,
        messages=[asked],  # pyright: ignore[reportArgumentType]
        tools=[tool | {"input_examples": [example]}],  # pyright: ignore[reportArgumentType]
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        betas=["computer-use-2025-01-24"],
        extra_body=GREEDY,
    )
    (call,) = calls_of(message)
    assert call.name == tool["name"]
    assert example.keys() <= call.input.keys()
    assert {key: type(call.input[key]) for key in example} == dict.fromkeys(example, str)


@requirement("tools.deferred")
def test_a_deferred_tool_can_be_called_once_a_result_has_named_it(
    client: anthropic.Anthropic,
) -> None:
    later = PLAN | {"defer_loading": True}
    by_name: Any = {"type": "tool", "name": "plan", "disable_parallel_tool_use": True}
    with pytest.raises(anthropic.BadRequestError, match="deferred"):
        ask(client, tools=[CANCEL, later], tool_choice=by_name)
    assert count(client, tools=[CANCEL]) == count(client, tools=[CANCEL, later])
    found = ask(client, tools=[CANCEL, later], tool_choice=ONCE)
    (call,) = calls_of(found)
    assert call.name == "cancel"
    message = ask(
        client,
        ASKED,
        {"role": "assistant", "content": found.content},
        {
            "role": "user",
            "content": [result(call, [{"type": "tool_reference", "tool_name": "plan"}])],
        },
        tools=[CANCEL, later],
        tool_choice=by_name,
    )
    assert [call.name for call in calls_of(message)] == ["plan"]
    check_calls(message)


@requirement("count_tokens.equals-usage")
@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [PLAN, CANCEL]},
        {"tools": [TYPED[0], TYPED[4]], "tool_choice": {"type": "none"}},
        {"tools": [PLAN], "thinking": {"type": "adaptive"}},
        {"output_config": {"format": {"type": "json_schema", "schema": CANCEL["input_schema"]}}},
    ],
    ids=["tools", "typed", "thinking", "format"],
)
def test_count_tokens_counts_what_create_reports(
    client: anthropic.Anthropic, fields: dict[str, Any]
) -> None:
    message = ask(client, **{"tools": [], "max_tokens": 1} | fields)
    assert count(client, **{"tools": []} | fields) == message.usage.input_tokens


class Weather:
    """A tool that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def tool(self) -> Any:
        """The tool as the SDK runs it."""

        @beta_tool
        def get_weather(city: str, unit: str = "celsius") -> str:
            """Tells the weather of a city.

            Args:
                city: its name
                unit: of the temperature
            """
            self.asked.append(city)
            return f"21 degrees {unit} in {city}"

        return get_weather


def with_an_answer(params: dict[str, Any]) -> dict[str, Any]:
    """A request whose reply can only be text."""
    return params | {"tool_choice": {"type": "none"}, "max_tokens": 30}


@exercises("anthropic", "tool runner, whole and streamed, on the embedded model")
@requirement("sdk.tool_runner", "sdk.tool_runner.threads")
@pytest.mark.parametrize("is_streamed", [False, True])
def test_the_tool_runner_ends_by_itself(client: anthropic.Anthropic, is_streamed: bool) -> None:
    weather = Weather()
    runner: Any = client.beta.messages.tool_runner(
        model=EMBEDDED,
        max_tokens=150,
        tools=[weather.tool()],
        tool_choice={"type": "any", "disable_parallel_tool_use": True},
        messages=[{"role": "user", "content": "What is the weather in Paris?"}],
        max_iterations=5,
        stream=is_streamed,
        extra_body=GREEDY,
    )
    stop_reasons: list[str] = []
    for reply in runner:
        if is_streamed:
            check_stream(reply)
        message = reply.get_final_message() if is_streamed else reply
        stop_reasons.append(message.stop_reason)
        if len(stop_reasons) == 2:  # it would never choose to answer: from now on it has to
            runner.set_messages_params(with_an_answer)
    assert stop_reasons[:2] == ["tool_use", "tool_use"]
    assert stop_reasons[2:] in (["end_turn"], ["max_tokens"])
    assert len(weather.asked) == 2
    assert text_of(runner.until_done()).strip()


@requirement("sdk.tool_runner.threads")
def test_a_thread_is_refused_with_the_error_that_sdks_know(client: anthropic.Anthropic) -> None:
    thread = client.beta.messages.thread(model=EMBEDDED, max_tokens=5)
    with pytest.raises(anthropic.types.ThreadUnsupportedRequestError) as refused:
        thread.send({"role": "user", "content": "Hello."})
    assert refused.value.details.error_code == "thread_unsupported_request"
    willing = client.beta.messages.thread(
        model=EMBEDDED, max_tokens=5, unsupported_request_behavior="continue_unthreaded"
    )
    for text in ("Hello.", "And hello again."):
        assert willing.send({"role": "user", "content": text}).usage.output_tokens <= 5
    assert len(willing.messages) == 4
