"""Log lines for people and for machines."""

import json
import logging
from collections.abc import Iterator

import pytest

from senryu.telemetry import configure_logging


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
