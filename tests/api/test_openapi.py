"""The app against its own OpenAPI document, by a tool that makes up requests, right and wrong."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from schemathesis import checks

from senryu.api.openapi import openapi_json
from tests.contract.manifest import requirement
from tests.support.app import MODEL, RunningApp, running_app

# The tool's own annotations are incomplete.
schema: Any = schemathesis.openapi.from_dict(json.loads(openapi_json(needs_key=False)))
CHECKS: list[Any] = [
    getattr(checks, name)
    for name in (
        "not_a_server_error",
        "negative_data_rejection",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    with running_app(aliases={"*": MODEL}) as running:
        yield running


@requirement("openapi.conformance")
@schema.parametrize()
@settings(max_examples=15)
def test_every_answer_is_one_that_the_document_lists(case: Any, app: RunningApp) -> None:
    case.validate_response(case.call(base_url=app.base_url), checks=CHECKS)
