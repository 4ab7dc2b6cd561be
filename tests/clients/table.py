"""Rows of the table in docs/clients.md, and the versions that are pinned."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anthropic
import pytest

__all__ = ["PAGE", "Row", "clients", "exercises", "rows_of", "version_of", "with_table"]

_ROOT = Path(__file__).parents[2]
PAGE = _ROOT / "docs" / "clients.md"
"""Where the table is."""

_PINS = _ROOT / "requirements" / "clients"
_TABLE = re.compile(r"(<!-- made by the tests -->\n).*?(<!-- end -->)", re.DOTALL)
# Where a client is a package of another name than its pins have.
_PINNED_IN = {
    "@ai-sdk/anthropic": "node-sdks",
    "@anthropic-ai/claude-code": "claude-code",
    "@anthropic-ai/foundry-sdk": "node-sdks",
    "@anthropic-ai/sdk": "node-sdks",
    "claude-agent-sdk": "claude-agent-sdk",
    "inspect-ai": "inspect",
    "langchain-anthropic": "langchain",
    "litellm": "litellm",
    "llm-anthropic": "llm",
    "opencode-ai": "opencode",
}


@dataclass(frozen=True, slots=True)
class Row:
    """What one test showed.

    Arguments:
        client: the package's name in its registry.
        version: the one that was used.
        what: what was exercised.
        outcome: pytest's word for it.
    """

    client: str
    version: str
    what: str
    outcome: str


def exercises(client: str, what: str) -> pytest.MarkDecorator:
    """Say what a test shows of which client."""
    return pytest.mark.exercises(client, what)


def version_of(client: str) -> str:
    """The version of a client that its pins have."""
    if client == "anthropic":
        return anthropic.__version__
    if client == "anthropic 0.x":
        return _in_requirements("anthropic", _ROOT / "requirements" / "sdk-0x.txt")
    name = _PINNED_IN[client]
    pinned = _PINS / f"{name}.lock.json"
    if pinned.exists():
        packages = json.loads(pinned.read_text(encoding="utf-8"))["packages"]
        return str(packages[f"node_modules/{client}"]["version"])
    return _in_requirements(client, _PINS / f"{name}.txt")


def _in_requirements(package: str, file: Path) -> str:
    text = file.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(package)}==(\S+)", text, re.MULTILINE)
    assert found, f"{package} is not in {file.name}"
    return found.group(1)


def clients() -> list[str]:
    """Every client that has pins, by the name that the table uses."""
    return sorted(["anthropic", "anthropic 0.x", *_PINNED_IN])


def rows_of(rows: Sequence[Row]) -> list[Row]:
    """In the table's order: by client, what was exercised first coming first.

    What several tests showed is one row, which passed if all of them did.
    """
    made: dict[tuple[str, str], Row] = {}
    for row in rows:
        known = made.get((row.client, row.what))
        if known is None or known.outcome == "passed":
            made[row.client, row.what] = row
    return sorted(made.values(), key=lambda row: row.client)


def with_table(text: str, rows: Sequence[Row]) -> str:
    """A page with its table made anew."""
    lines = ["| client | version | exercised | result |", "|---|---|---|---|"]
    lines += [f"| `{r.client}` | {r.version} | {r.what} | {r.outcome} |" for r in rows]
    table = "\n".join(lines) + "\n"
    return _TABLE.sub(lambda match: match.group(1) + table + match.group(2), text)
