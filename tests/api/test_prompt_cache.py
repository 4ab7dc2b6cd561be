"""The prompt cache as clients see it: usage, lifetimes, tenants, pre-warming and diagnostics."""

import json
import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app

CONTROL = {"type": "ephemeral"}
HOUR = CONTROL | {"ttl": "1h"}
RULES = "r" * 500
SYSTEM_TOKENS = 508  # the marker and "system\n" too


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def caching_app(clock: Clock | None = None, **settings: Any) -> Generator[RunningApp]:
    """An app whose model caches prefixes of any length."""
    engine = ScriptedEngine(["Hi", " there"], clock=clock or Clock())
    with running_app(engine, cache_min_tokens=1, **settings) as app:
        yield app


def block(text: str, control: dict[str, str] | None = None) -> dict[str, Any]:
    """A text block, with or without a breakpoint."""
    return {"type": "text", "text": text} | ({"cache_control": control} if control else {})


def usage(app: RunningApp, *, key: str = "", **fields: Any) -> dict[str, Any]:
    """The usage of a reply to a request with a cached system prompt."""
    body = ask() | {"system": [block(RULES, CONTROL)]} | fields
    reply = app.post(body, **({"x-api-key": key} if key else {}))
    assert reply.status_code == 200, reply.text
    return reply.json()["usage"]


def counts(of: dict[str, Any]) -> tuple[int, int, int, int]:
    """Read, written for five minutes, written for an hour, input."""
    created = of["cache_creation"]
    short, long = created["ephemeral_5m_input_tokens"], created["ephemeral_1h_input_tokens"]
    assert of["cache_creation_input_tokens"] == short + long
    return of["cache_read_input_tokens"], short, long, of["input_tokens"]


@requirement("caching.breakpoints", "caching.usage")
def test_the_first_request_writes_and_the_next_one_reads() -> None:
    with caching_app() as app:
        first, second = counts(usage(app)), counts(usage(app))
        counted = app.client.post("/v1/messages/count_tokens", json=ask(system=RULES)).json()
    rest = counted["input_tokens"] - SYSTEM_TOKENS
    assert first == (0, SYSTEM_TOKENS, 0, rest)
    assert second == (SYSTEM_TOKENS, 0, 0, rest)


@requirement("caching.usage.streams")
def test_a_stream_tells_the_same_at_its_beginning_and_its_end() -> None:
    with caching_app() as app:
        body = ask(system=[block(RULES, HOUR)], cache_control=CONTROL, stream=True)
        text = app.post(body).text
    found = dict(re.findall(r"event: (\w+)\ndata: (.+)\n\n", text))
    started = json.loads(found["message_start"])["message"]["usage"]
    ended = json.loads(found["message_delta"])["usage"]
    read, short, long, rest = counts(started)
    assert (read, long) == (0, SYSTEM_TOKENS)
    assert short > 0
    assert rest > 0
    shared = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    assert [ended[name] for name in shared] == [started[name] for name in shared]


@requirement("caching.lifetimes")
@pytest.mark.parametrize(("control", "seconds"), [(CONTROL, 300), (HOUR, 3600)])
def test_an_entry_lives_its_lifetime_after_each_use(control: dict[str, str], seconds: int) -> None:
    clock = Clock()
    with caching_app(clock) as app:
        reads: list[int] = []
        for pause in (0, seconds - 1, seconds - 1, seconds + 1):
            clock.now += pause
            reads.append(counts(usage(app, system=[block(RULES, control)]))[0])
    assert reads == [0, SYSTEM_TOKENS, SYSTEM_TOKENS, 0]


@requirement("caching.usage")
def test_usage_tells_the_truth_after_an_eviction() -> None:
    with caching_app() as app:
        usage(app)
        app.engine.cache.evict()
        assert counts(usage(app))[:3] == (0, SYSTEM_TOKENS, 0)


@requirement("caching.automatic", "caching.lookback", "caching.byte_stable")
def test_an_automatic_breakpoint_follows_the_conversation() -> None:
    with caching_app() as app:
        messages: list[dict[str, Any]] = []
        totals: list[int] = []
        reads: list[int] = []
        for text in ("one", "two", "three"):
            messages.append({"role": "user", "content": text})
            body = ask(messages=messages, system=RULES, cache_control=CONTROL)
            reply = app.post(body).json()
            read, short, long, rest = counts(reply["usage"])
            totals.append(read + short + long)
            reads.append(read)
            assert rest == len("\0\n\0assistant\n")  # what asks for the reply
            messages.append({"role": "assistant", "content": reply["content"]})
    assert reads == [0, *totals[:-1]]


@requirement("caching.minimum")
def test_a_short_prefix_is_not_cached() -> None:
    with running_app(cache_min_tokens=SYSTEM_TOKENS + 1) as app:
        usage(app)
        assert counts(usage(app))[:3] == (0, 0, 0)


@requirement("caching.implicit")
@pytest.mark.parametrize("told", [False, True])
def test_hits_without_cache_control_are_told_if_the_operator_wants(told: bool) -> None:
    with caching_app(report_implicit_cache=told) as app:
        usage(app, system=RULES)
        read, short, long, rest = counts(usage(app, system=RULES))
        metrics = app.client.get("/metrics").text
    assert (short, long) == (0, 0)
    assert (read > SYSTEM_TOKENS, rest) == ((True, 1) if told else (False, read + rest))
    assert re.search(r"^senryu_cached_tokens_total\{.*\} [1-9]", metrics, re.MULTILINE)


@requirement("caching.tenants")
def test_nothing_cached_crosses_workspaces() -> None:
    red, blue = "r" * 16, "b" * 16
    keys = [{"workspace": "red", "key": red}, {"workspace": "blue", "key": blue}]
    with caching_app(keys=keys, report_implicit_cache=True) as app:
        assert counts(usage(app, key=red))[0] == 0
        assert counts(usage(app, key=blue))[0] == 0
        assert counts(usage(app, key=red))[0] > 0


@requirement("caching.prewarm")
def test_no_tokens_only_fill_the_cache() -> None:
    with caching_app() as app:
        reply = app.post(ask("warmup", max_tokens=0, system=[block(RULES, CONTROL)])).json()
        assert counts(usage(app))[0] == SYSTEM_TOKENS
    assert (reply["content"], reply["stop_reason"]) == ([], "max_tokens")
    assert counts(reply["usage"])[:3] == (0, SYSTEM_TOKENS, 0)
    assert reply["usage"]["output_tokens"] == 0


@requirement("caching.count_tokens")
def test_a_count_is_the_whole_prompt_whatever_is_cached() -> None:
    body = ask(system=[block(RULES, CONTROL)], cache_control=CONTROL)
    del body["max_tokens"]
    with caching_app() as app:
        for _ in range(2):
            billed = usage(app, cache_control=CONTROL)
            counted = app.client.post("/v1/messages/count_tokens", json=body).json()
            assert counted["input_tokens"] == sum(counts(billed))


@requirement("caching.service_tier")
@pytest.mark.parametrize(
    ("key", "asked", "tier"),
    [
        ("f" * 16, None, "priority"),
        ("f" * 16, "auto", "priority"),
        ("f" * 16, "standard_only", "standard"),
        ("s" * 16, "auto", "standard"),
    ],
)
def test_a_priority_key_goes_first_unless_it_asks_not_to(
    key: str, asked: str | None, tier: str
) -> None:
    keys = [{"key": "f" * 16, "priority": True}, {"key": "s" * 16, "workspace": "slow"}]
    fields = {"service_tier": asked} if asked else {}
    with caching_app(keys=keys) as app:
        assert usage(app, key=key, **fields)["service_tier"] == tier
        assert app.engine.last_job is not None
        assert app.engine.last_job.priority == (tier == "priority")


@requirement("caching.diagnostics")
def test_a_request_learns_how_it_differs_from_an_earlier_one() -> None:
    def reply(previous: str | None, **fields: Any) -> dict[str, Any]:
        return app.post(ask(diagnostics={"previous_message_id": previous}, **fields)).json()

    with caching_app() as app:
        first = reply(None, system=[block(RULES, CONTROL)])
        same = reply(first["id"], system=[block(RULES, CONTROL)])
        other = reply(same["id"], system="s")
        lost = reply("msg_01unknown")
        assert app.post(ask()).json()["diagnostics"] is None
    assert first["diagnostics"] is None
    assert same["diagnostics"] is None
    missed = other["diagnostics"]["cache_miss_reason"]
    assert missed["type"] == "system_changed"
    assert missed["cache_missed_input_tokens"] > SYSTEM_TOKENS
    assert lost["diagnostics"] == {"cache_miss_reason": {"type": "previous_message_not_found"}}


@requirement("caching.diagnostics")
def test_a_streams_first_event_has_the_diagnostics() -> None:
    with caching_app() as app:
        named = {"previous_message_id": "msg_01unknown"}
        text = app.post(ask(diagnostics=named, stream=True)).text
    assert '"diagnostics":{"cache_miss_reason":{"type":"previous_message_not_found"}}' in text
