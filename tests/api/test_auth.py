"""Keys in three headers, and API versions."""

import pytest

from tests.contract.manifest import requirement
from tests.support.app import ask, running_app

KEY = "sk-0123456789abcdef"


@requirement("auth.three_headers")
@pytest.mark.parametrize(
    "headers",
    [
        {"x-api-key": KEY},
        {"authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer {KEY}"},
        {"api-key": KEY},
        {"x-api-key": KEY, "api-key": KEY},
        {"x-api-key": "wrong", "authorization": f"Bearer {KEY}"},
    ],
)
def test_a_key_is_found_in_any_of_the_headers(headers: dict[str, str]) -> None:
    with running_app(api_key=KEY) as app:
        assert app.post(ask(), **headers).status_code == 200


@requirement("auth.refused")
@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "x-api-key header is required"),
        ({"x-api-key": ""}, "x-api-key header is required"),
        ({"authorization": f"Basic {KEY}"}, "x-api-key header is required"),
        ({"x-api-key": KEY + "x"}, "invalid x-api-key"),
        ({"authorization": f"Bearer {KEY[:-1]}"}, "invalid x-api-key"),
    ],
)
def test_without_a_valid_key_nothing_of_the_api_answers(
    headers: dict[str, str], message: str
) -> None:
    with running_app(api_key=KEY) as app:
        for path in ("/v1/messages", "/anthropic/v1/messages", "/v1/nope", "/metrics"):
            refused = app.client.post(path, json=ask(), headers=headers)
            assert refused.status_code == 401
            assert refused.json()["error"] == {"type": "authentication_error", "message": message}
            assert refused.headers["request-id"]
        assert app.client.get("/health").status_code == 200


@requirement("auth.open")
def test_without_configured_keys_any_key_or_none_will_do() -> None:
    with running_app() as app:
        assert app.post(ask()).status_code == 200
        assert app.post(ask(), **{"x-api-key": "anything"}).status_code == 200


@requirement("auth.version.strict", "auth.version.compat")
def test_versions_decide_what_is_accepted() -> None:
    body = ask(temperature=0.5)
    newer, older = {"anthropic-version": "2026-10-21"}, {"anthropic-version": "2023-06-01"}
    with running_app() as app:
        assert app.post(body).status_code == 200
        assert app.post(body, **older).status_code == 200
        assert app.post(body, **newer).json()["error"]["message"].startswith("temperature: ")
    with running_app(mode="strict") as app:
        assert app.post(body, **older).status_code == 200
        assert app.post(body).json()["error"]["message"].startswith("anthropic-version: ")


@requirement("messages.unknown_fields.compat", "messages.unknown_fields.strict")
def test_the_mode_decides_about_unknown_fields() -> None:
    version = {"anthropic-version": "2023-06-01"}
    with running_app() as app:
        assert app.post(ask(new=1), **version).status_code == 200
        assert "senryu_dropped_fields_total 1.0" in app.client.get("/metrics").text
    with running_app(mode="strict") as app:
        refused = app.post(ask(new=1), **version).json()
        assert refused["error"]["message"] == "new: Extra inputs are not permitted"
