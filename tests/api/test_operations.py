"""Health, metrics, probes, the OpenAPI document and the log."""

import json
import logging

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.contract.manifest import requirement
from tests.support.app import ask, running_app


@requirement("health.probes")
def test_agents_can_probe_without_a_key() -> None:
    with running_app(api_key="k" * 16) as app:
        for method, path in (("GET", "/"), ("HEAD", "/"), ("HEAD", "/api/hello")):
            response = app.client.request(method, path)
            assert response.status_code == 200
            assert response.headers["request-id"].startswith("req_011C")


@requirement("health.metrics")
def test_metrics_count_what_happened() -> None:
    with running_app(ScriptedEngine(["a", "b"])) as app:
        app.post(ask("hi"))
        app.post(ask("hi", stream=True))
        app.post({})
        text = app.client.get("/metrics").text
    for line in (
        'senryu_requests_total{route="/v1/messages",status="200"} 2.0',
        'senryu_requests_total{route="/v1/messages",status="400"} 1.0',
        'senryu_input_tokens_total{model="scripted"} 198.0',
        'senryu_output_tokens_total{model="scripted"} 4.0',
        'senryu_time_to_first_token_seconds_count{model="scripted"} 2.0',
        'senryu_time_between_tokens_seconds_count{model="scripted"} 2.0',
        'senryu_engine_ready{model="scripted"} 1.0',
        'senryu_engine_running{model="scripted"} 0.0',
        'senryu_engine_restarts_total{model="scripted"} 0.0',
    ):
        assert line in text


@requirement("health.log")
def test_the_log_has_facts_and_no_content(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="senryu"), running_app(api_key="k" * 16) as app:
        app.post(ask("private words"), **{"x-api-key": "k" * 16})
    (record,) = [record for record in caplog.records if record.name == "senryu.access"]
    facts = vars(record)["facts"]
    assert (facts["status"], facts["model"], facts["output_tokens"]) == (200, "scripted", 13)
    assert "private" not in str(vars(record))
    assert "kkkk" not in str(vars(record))


@requirement("health.passed_over")
def test_what_is_not_known_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    betas = {"anthropic-beta": "new-thing-2027-01-01, context-management-2025-06-27"}
    unknown = {"newer": 1, "metadata": {"newer": {"secret": 1}}, "a secret sentence": 2}
    with caplog.at_level(logging.INFO, logger="senryu"), running_app() as app:
        for _ in range(2):
            assert app.post(ask("hi", **unknown), **betas).status_code == 200
    told = [vars(record)["facts"] for record in caplog.records if "once" in record.getMessage()]
    assert {tuple(facts.items()) for facts in told} == {
        (("field", "newer"),),
        (("field", "metadata.newer"),),
        (("beta", "new-thing-2027-01-01"),),
    }
    assert len(told) == 3


@requirement("openapi.document")
def test_the_document_lists_every_route_of_the_api() -> None:
    with running_app() as app:
        document = json.loads(app.client.get("/openapi.json").content)
    assert document["openapi"].startswith("3.1")
    assert {"/v1/messages", "/anthropic/v1/models/{model_id}"} <= document["paths"].keys()
