"""Every failure is an envelope with a request id, whatever went wrong."""

import gzip
import json
import logging
from typing import Any, cast

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.scripted import ScriptedEngine
from senryu.errors import (
    AuthenticationError,
    BillingError,
    ConflictError,
    DeadlineExceededError,
    EngineError,
    InvalidRequestError,
    NotFoundError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    SenryuError,
)
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app


def error_of(response: httpx2.Response) -> tuple[int, str, str]:
    """Status, type and message, once the envelope is proven whole."""
    body = response.json()
    assert set(body) >= {"type", "error", "request_id"}
    assert body["type"] == "error"
    assert body["request_id"] == response.headers["request-id"]
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["error"]["type"], body["error"]["message"]


@requirement("errors.statuses")
@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidRequestError("m"), 400, "invalid_request_error"),
        (AuthenticationError("m"), 401, "authentication_error"),
        (BillingError("m"), 402, "billing_error"),
        (PermissionDeniedError("m"), 403, "permission_error"),
        (NotFoundError("m"), 404, "not_found_error"),
        (ConflictError("m"), 409, "conflict_error"),
        (RateLimitError("m"), 429, "rate_limit_error"),
        (EngineError("m"), 500, "api_error"),
        (DeadlineExceededError("m"), 504, "timeout_error"),
        (OverloadedError("m"), 529, "overloaded_error"),
    ],
)
def test_each_error_has_its_status_and_type(error: SenryuError, status: int, kind: str) -> None:
    with running_app(ScriptedEngine(refusal=error)) as app:
        for stream in (False, True):
            assert error_of(app.post(ask(stream=stream))) == (status, kind, "m")


@requirement("errors.retry_after")
def test_an_overloaded_server_says_when_to_come_back() -> None:
    engine = ScriptedEngine(refusal=OverloadedError("full", retry_after_s=7))
    with running_app(engine) as app:
        assert app.post(ask()).headers["retry-after"] == "7"


@requirement("errors.not_found_and_method")
def test_unknown_routes_and_methods_are_envelopes_too() -> None:
    with running_app() as app:
        for path in ("/", "/v1/nope", "/v1/complete", "/v1/messages/", "/nope"):
            assert error_of(app.client.post(path))[0] in (404, 405)
        refused = app.client.delete("/v1/messages")
        assert error_of(refused)[:2] == (405, "invalid_request_error")
        assert refused.headers["allow"] == "POST"


@requirement("errors.too_large")
def test_a_body_beyond_the_limit_is_refused_before_it_is_read() -> None:
    with running_app(max_body_bytes=2000) as app:
        connection = app.connect()
        connection.sendall(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2001\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):  # ends, because the server closes
            answer += part
        connection.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"request_too_large"' in answer


@requirement("errors.too_large")
def test_a_chunked_body_beyond_the_limit_is_refused_on_the_way() -> None:
    with running_app(max_body_bytes=2000) as app:
        parts = (b"x" * 500 for _ in range(5))
        assert error_of(app.client.post("/v1/messages", content=parts))[0] == 413
        padded = b" " * 1000 + b'{"model": 1}'
        assert error_of(app.client.post("/v1/messages", content=padded))[0] == 400


@requirement("messages.compressed")
def test_a_compressed_body_is_read_and_bounded_by_what_it_stands_for() -> None:
    packed = {"content-encoding": "gzip"}

    def post(content: bytes, **headers: str) -> httpx2.Response:
        return app.client.post("/v1/messages", content=content, headers=headers or packed)

    body = json.dumps(ask("hi")).encode()
    with running_app(max_body_bytes=2000) as app:
        assert post(gzip.compress(body)).json()["content"] == [{"type": "text", "text": "hi"}]
        assert error_of(post(gzip.compress(b" " * 2001)))[0] == 413
        assert error_of(post(gzip.compress(b" " * 100_000_000)))[0] == 413
        for broken in (body, gzip.compress(body)[:-9], gzip.compress(body) + b"x", b""):
            status, _, message = error_of(post(broken))
            assert (status, "gzip" in message) == (400, True)
        status, _, message = error_of(post(body, **{"content-encoding": "br"}))
        assert (status, message.startswith("content-encoding: only gzip")) == (400, True)


@requirement("api.cross_origin")
def test_pages_of_other_origins_have_no_access_unless_they_are_listed() -> None:
    page = {"origin": "http://pages.example"}
    preflight = page | {
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key,anthropic-version",
    }
    with running_app() as app:
        assert app.client.options("/v1/messages", headers=preflight).status_code == 405
        assert "access-control-allow-origin" not in app.post(ask(), **page).headers
    with running_app(cors_origins=(page["origin"],), api_key="k" * 16) as app:
        allowed = app.client.options("/v1/messages", headers=preflight)
        assert allowed.status_code == 200
        assert "x-api-key" in allowed.headers["access-control-allow-headers"]
        refused = app.post(ask(), **page)
        assert error_of(refused)[0] == 401
        assert refused.headers["access-control-allow-origin"] == page["origin"]
        other = app.post(ask(), origin="http://other.example")
        assert "access-control-allow-origin" not in other.headers


@requirement("errors.mistakes_hidden")
def test_a_mistake_of_ours_is_a_500_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    engine = ScriptedEngine(errors={0: ValueError("secret content")})
    with caplog.at_level(logging.INFO, logger="senryu"), running_app(engine) as app:
        assert error_of(app.post(ask())) == (500, "api_error", "Internal server error")
    assert any(record.getMessage() == "unexpected ValueError" for record in caplog.records)
    assert "secret content" not in str([vars(record) for record in caplog.records])


def test_a_failure_of_the_engine_in_a_whole_reply_is_a_status() -> None:
    engine = ScriptedEngine(["a"], errors={1: EngineError("the worker died")})
    with running_app(engine) as app:
        assert error_of(app.post(ask())) == (500, "api_error", "the worker died")


@requirement("health.loading")
def test_a_model_that_loads_answers_overloaded() -> None:
    engine = ScriptedEngine(loading=True)
    with running_app(engine) as app:
        refused = app.post(ask())
        assert error_of(refused)[:2] == (529, "overloaded_error")
        assert int(refused.headers["retry-after"]) > 0
        not_ready = app.client.get("/ready")
        assert error_of(not_ready)[:2] == (503, "overloaded_error")
        assert not_ready.json()["models"] == {"scripted": "loading"}
        assert app.client.get("/health").status_code == 200
        engine.finish_loading()
        assert app.client.get("/ready").json() == {
            "status": "ready",
            "models": {"scripted": "ready"},
        }
        assert app.post(ask()).status_code == 200


@requirement("errors.unknown_model")
def test_an_unknown_model_is_a_404() -> None:
    with running_app() as app:
        assert error_of(app.post(ask(model="nope"))) == (404, "not_found_error", "model: nope")
        assert error_of(app.client.get("/v1/models/nope"))[0] == 404


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=10,
)
CONTENT = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}), max_size=2)
MESSAGE = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system"]),
        "content": st.text() | CONTENT | JSON,
    }
)


@pytest.fixture(scope="module")
def shared() -> Any:
    with running_app() as app:
        yield app


@requirement("errors.never_5xx")
@given(
    body=JSON
    | st.fixed_dictionaries(
        {"messages": st.lists(MESSAGE, max_size=3)},
        optional={
            "system": CONTENT | JSON,
            "stop_sequences": JSON,
            "temperature": JSON,
            "stream": st.booleans(),
        },
    )
)
def test_no_json_makes_the_server_fail(shared: RunningApp, body: Any) -> None:
    if isinstance(body, dict):
        body = ask(messages=[]) | cast("dict[str, Any]", body)
    assert shared.post(body).status_code in (200, 400, 404)


@requirement("errors.never_5xx")
@given(st.binary())
def test_no_bytes_make_the_server_fail(shared: RunningApp, body: bytes) -> None:
    assert error_of(shared.client.post("/v1/messages", content=body))[0] == 400
