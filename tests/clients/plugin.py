"""The table of docs/clients.md: what was exercised with which client, and how it went.

A test says with ``@exercises(client, what)`` what it shows. ``--clients-table`` writes the table of
a run into the page; a test holds the page against the pins, so that it cannot grow old unseen. A
plugin, because options have to be known before the tests are collected.
"""

from collections.abc import Generator
from typing import Any

import pytest

from tests.clients.table import PAGE, Row, rows_of, version_of, with_table

_ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption(
        "--clients-table", action="store_true", help="write the table of docs/clients.md"
    )


def pytest_configure(config: pytest.Config) -> None:
    """A list for the rows."""
    config.stash[_ROWS] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what a test showed."""
    report = yield
    mark: Any = item.get_closest_marker("exercises")
    if mark and (report.when == "call" or not report.passed):
        client, what = mark.args
        item.config.stash[_ROWS].append(Row(client, version_of(client), what, report.outcome))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table if asked to."""
    rows = session.config.stash[_ROWS]
    if rows and session.config.getoption("clients_table"):
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(with_table(text, rows_of(rows)), encoding="utf-8")
