"""The table of docs/clients.md: what was exercised with which client, and how it went.

A test says with ``@exercises(client, what)`` what it shows. ``--clients-table`` writes the table of
a run into the page; a test holds the page against the pins, so that it cannot grow old unseen. A
plugin, because options have to be known before the tests are collected.
"""

from typing import Any

import pytest

from tests.clients.table import PAGE, Row, rows_of, version_of, with_table

_SHOWN = "exercises"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption(
        "--clients-table", action="store_true", help="write the table of docs/clients.md"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the rows if the table is asked for, in the process that runs all the others."""
    if config.getoption("clients_table") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each report carry what its test shows, also from another process to this one."""
    for item in items:
        if mark := item.get_closest_marker(_SHOWN):
            item.user_properties.append((_SHOWN, mark.args))


class _Table:
    """Collects the rows of a run; only in the process that hears of every test."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a test showed."""
        shown: Any = dict(report.user_properties).get(_SHOWN)
        if shown and (report.when == "call" or not report.passed):
            client, what = shown
            self._rows.append(Row(client, version_of(client), what, report.outcome))

    def pytest_sessionfinish(self) -> None:
        """Write the table."""
        if self._rows:
            text = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(with_table(text, rows_of(self._rows)), encoding="utf-8")
