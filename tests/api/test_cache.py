"""Senryu's own routes for looking into the prompt cache and clearing it."""

import json
import logging
from typing import Any

import pytest

from senryu.engine.scripted import Gate, ScriptedEngine
from tests.contract.manifest import requirement
from tests.support.app import MODEL, RunningApp, ask, running_app

PATH = "/senryu/v1/cache"
RED, BLUE = "r" * 16, "b" * 16
KEYS = [{"workspace": "red", "key": RED}, {"workspace": "blue", "key": BLUE}]
RULES = "r" * 500
RULES_TOKENS = 508  # the marker and "system\n" too


def caching(app: RunningApp, *, ttl: str = "5m", key: str = RED, **fields: Any) -> dict[str, Any]:
    """The usage of a request whose system prompt is to be kept."""
    control = {"type": "ephemeral", "ttl": ttl}
    system = [{"type": "text", "text": RULES, "cache_control": control}]
    reply = app.post(ask(system=system, **fields), **{"x-api-key": key})
    assert reply.status_code == 200, reply.text
    return reply.json()["usage"]


def listed(app: RunningApp, *, key: str = RED, query: str = "") -> list[dict[str, Any]]:
    """What the cache keeps for a key."""
    reply = app.client.get(PATH + query, headers={"x-api-key": key})
    assert reply.status_code == 200, reply.text
    return reply.json()["data"]


@requirement("cache.list")
@pytest.mark.parametrize(("ttl", "seconds"), [("5m", 300), ("1h", 3600)])
def test_the_list_tells_length_use_and_life(ttl: str, seconds: int) -> None:
    now = 0.0
    with running_app(ScriptedEngine(clock=lambda: now), cache_min_tokens=1) as app:
        assert listed(app) == []
        caching(app, ttl=ttl)
        caching(app, ttl=ttl)
        now = 100.0
        entry, prompt = listed(app)
        now = 100.0 + seconds
        left = listed(app)
    expected = {"model": MODEL, "type": "prefix", "tokens": RULES_TOKENS, "uses": 1, "ttl": ttl}
    assert entry == expected | {"expires_in_seconds": seconds - 100}
    assert prompt["tokens"] > RULES_TOKENS
    assert (prompt["ttl"], prompt["expires_in_seconds"]) == (None, None)
    assert left == [prompt]


@requirement("cache.clear")
def test_clearing_drops_what_was_listed_and_tells_how_much() -> None:
    with running_app(cache_min_tokens=1) as app:
        caching(app)
        number = len(listed(app))
        cleared = app.client.delete(PATH).json()
        assert cleared == {"deleted": number}
        assert number > 0
        assert listed(app) == []
        assert app.client.delete(PATH).json() == {"deleted": 0}
        assert caching(app)["cache_read_input_tokens"] == 0


@requirement("cache.own")
def test_a_workspace_sees_and_clears_its_own_alone() -> None:
    with running_app(cache_min_tokens=1, keys=KEYS) as app:
        caching(app, key=RED)
        assert listed(app, key=BLUE) == []
        assert app.client.delete(PATH, headers={"x-api-key": BLUE}).json() == {"deleted": 0}
        assert listed(app, key=RED)
        for method in ("GET", "DELETE"):
            refused = app.client.request(method, PATH)
            assert refused.status_code == 401
            assert refused.json()["error"]["type"] == "authentication_error"


@requirement("cache.version")
def test_no_version_is_needed_even_in_strict_mode() -> None:
    with running_app(mode="strict") as app:
        assert app.client.get(PATH).json() == {"data": []}
        assert app.client.get("/v1/models").status_code == 400


@requirement("cache.list", "cache.clear")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_model_can_be_named_and_must_exist(method: str) -> None:
    with running_app(aliases={"small": MODEL}) as app:
        for query in ("?model=small", f"?model={MODEL}", ""):
            assert app.client.request(method, PATH + query).status_code == 200
        unknown = app.client.request(method, f"{PATH}?model=other")
        empty = app.client.request(method, f"{PATH}?model=")
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (404, "model: other")
    assert empty.status_code == 400
    assert empty.json()["error"]["message"].startswith("model: ")


@requirement("health.loading")
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_model_that_loads_answers_later(method: str) -> None:
    with running_app(ScriptedEngine(loading=True)) as app:
        refused = app.client.request(method, PATH)
    assert refused.status_code == 529
    assert refused.headers["retry-after"]


@requirement("cache.metrics")
def test_metrics_and_log_tell_what_was_read_and_written(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="senryu"), running_app(cache_min_tokens=1) as app:
        caching(app)
        caching(app)
        text = app.client.get("/metrics").text
    assert f'senryu_cache_read_tokens_total{{model="scripted"}} {RULES_TOKENS}.0' in text
    assert f'senryu_cache_written_tokens_total{{model="scripted"}} {RULES_TOKENS}.0' in text
    facts = [vars(record)["facts"] for record in caplog.records if record.name == "senryu.access"][
        :2
    ]
    assert [(f["cache_read"], f["cache_written"]) for f in facts] == [
        (0, RULES_TOKENS),
        (RULES_TOKENS, 0),
    ]
    assert "rrrr" not in json.dumps(facts)


@requirement("cache.queue_time")
@pytest.mark.parametrize("stream", [False, True])
def test_the_queue_ends_when_the_reply_gets_its_place(stream: bool) -> None:
    before, after = Gate(), Gate()
    count = 'senryu_time_in_queue_seconds_count{model="scripted"}'
    with running_app(ScriptedEngine(["a", "b"], gates={-1: before, 1: after})) as app:
        with app.client.stream("POST", "/v1/messages", json=ask(stream=True)) as waiting:
            before.reached.wait()
            assert f"{count} 1.0" not in app.client.get("/metrics").text
            before.open()
            after.reached.wait()
            assert f"{count} 1.0" in app.client.get("/metrics").text
            after.open()
            waiting.read()
        app.post(ask(stream=stream))
        assert f"{count} 2.0" in app.client.get("/metrics").text
