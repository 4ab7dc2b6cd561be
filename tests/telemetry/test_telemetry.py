"""Log lines for people and for machines, and metrics."""

import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from senryu.engine.base import EngineStatus
from senryu.telemetry import Access, Telemetry, configure_logging
from tests.contract.manifest import requirement

OPERATING = Path(__file__).resolve().parents[2] / "docs" / "operating.md"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def log_something() -> None:
    """A line with facts, and one with an exception."""
    log = logging.getLogger("senryu.test")
    log.info("request", extra={"facts": {"status": 200, "duration_s": 0.12345}})
    try:
        raise KeyError
    except KeyError:
        log.exception("broken")


def test_json_lines_hold_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    log_something()
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert (first["level"], first["message"], first["status"]) == ("info", "request", 200)
    assert "KeyError" in second["exception"]


def test_text_lines_are_short(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("text", "info")
    log_something()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].endswith("info    request status=200 duration_s=0.1235")
    assert lines[-1] == "KeyError"


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "warning")
    logging.getLogger("senryu.test").info("quiet")
    assert capsys.readouterr().err == ""


def exposed(status: EngineStatus) -> str:
    """All metrics, after one request and with an engine in this state."""
    telemetry = Telemetry()
    telemetry.watch_engine("m", lambda: status)
    access = Access("req_1", "POST", model="m", status=200, cache_read=30, cache_written=4)
    telemetry.reply_begun(access)
    telemetry.text_sent(access)
    telemetry.finished(access)
    return telemetry.exposition().decode()


@requirement("cache.metrics")
def test_every_figure_of_an_engine_has_a_metric_of_its_own() -> None:
    figures: dict[str, Any] = {
        field.name: 1000 + index for index, field in enumerate(dataclasses.fields(EngineStatus))
    }
    text = exposed(EngineStatus(**figures))
    for name, figure in figures.items():
        assert text.count(f'{{model="m"}} {figure}.0\n') == 1, name


@requirement("health.metrics")
def test_every_metric_is_documented() -> None:
    page = OPERATING.read_text(encoding="utf-8")
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exposed(EngineStatus()), re.MULTILINE))
    names = {name for name in kinds if not name.endswith("_created")}
    assert names
    assert {name for name in names if f"`{name}`" not in page} == set()


@requirement("cache.queue_time")
def test_the_time_in_the_queue_is_a_fact_of_the_log() -> None:
    access = Access("req_1", "POST", model="m")
    assert access.public()["queue_s"] is None
    Telemetry().reply_begun(access)
    assert access.public()["queue_s"] >= 0
