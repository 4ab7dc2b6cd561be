"""The page for clients keeps up with what is tested."""

import re

import pytest

from tests.clients.table import PAGE, Row, clients, rows_of, version_of, with_table
from tests.contract.manifest import requirement


@requirement("clients.documented")
@pytest.mark.parametrize("client", clients())
def test_the_page_has_a_line_of_each_client_in_its_pinned_version(client: str) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = f"| `{client}` | {version_of(client)} | "
    found = [line for line in lines if line.startswith(start)]
    assert found, f"run: make test ARGS='tests/clients tests/sdk --clients-table' for {client}"
    assert all(re.search(r"\| passed \|$", line) for line in found)


def test_a_table_is_put_in_its_place() -> None:
    page = "a\n<!-- made by the tests -->\nold\n<!-- end -->\nb\n"
    rows = [Row("z", "1", "something", "passed"), Row("a", "2", "else", "skipped")]
    made = with_table(page, rows_of(rows))
    assert made.startswith("a\n<!-- made by the tests -->\n| client |")
    assert "| `a` | 2 | else | skipped |\n| `z` | 1 | something | passed |\n<!-- end -->\nb" in made
    assert "old" not in made
