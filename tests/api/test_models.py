"""The models list."""

from typing import Any

import pytest
from anthropic.types import ModelInfo

from senryu.engine.scripted import ScriptedEngine
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, running_app

ALIASES = {"a": "scripted", "b": "scripted", "claude-*": "scripted"}


def page(app: RunningApp, query: str) -> tuple[list[str], bool]:
    """Ids of a page, and whether there are more."""
    body: dict[str, Any] = app.client.get(f"/v1/models?{query}").json()
    ids = [model["id"] for model in body["data"]]
    assert (body["first_id"], body["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
    return ids, body["has_more"]


@requirement("models.pages")
def test_pages_go_both_ways() -> None:
    with running_app(aliases=ALIASES) as app:
        assert page(app, "limit=1000") == (["scripted", "a", "b"], False)
        assert page(app, "limit=2") == (["scripted", "a"], True)
        assert page(app, "limit=2&after_id=a") == (["b"], False)
        assert page(app, "limit=1&before_id=b") == (["a"], True)
        assert page(app, "before_id=a") == (["scripted"], False)
        assert page(app, "after_id=b") == ([], False)


@requirement("models.pages")
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after_id=zz", "before_id=a&after_id=b"]
)
def test_a_wrong_page_is_refused_by_field(query: str) -> None:
    with running_app(aliases=ALIASES) as app:
        refused = app.client.get(f"/v1/models?{query}")
    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(query.split("=")[0])


@requirement("models.list", "models.aliases")
def test_a_model_says_what_really_runs_and_what_it_can_do() -> None:
    with running_app(aliases=ALIASES) as app:
        body = app.client.get("/v1/models/claude-haiku-4-5").json()
    assert body["id"] == "claude-haiku-4-5"
    assert body["display_name"] == "Scripted (alias of scripted)"
    assert (body["max_input_tokens"], body["max_tokens"]) == (4095, 4096)
    info = ModelInfo.model_validate(body)
    assert info.lifecycle == "active"
    assert info.capabilities is not None
    assert info.capabilities.thinking.types.enabled.supported
    assert info.capabilities.thinking.types.adaptive.supported
    assert info.capabilities.structured_outputs.supported
    assert info.capabilities.effort.high.supported
    assert info.capabilities.image_input.supported
    assert info.capabilities.pdf_input.supported
    assert info.capabilities.citations.supported
    assert not info.capabilities.batch.supported


def test_limits_are_unknown_until_the_model_is_loaded() -> None:
    with running_app(ScriptedEngine(loading=True)) as app:
        assert app.client.get("/v1/models/scripted").json()["max_input_tokens"] is None
