"""How commands print: tables for people, one JSON document for scripts."""

import json
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

__all__ = ["gigabytes", "print_json", "print_pairs", "short_count"]


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and what they are, in two columns."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value)
    Console(highlight=False, markup=False).print(table)


def gigabytes(size: int) -> str:
    """Bytes in GB or MB of ten to the ninth and sixth."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def short_count(count: int) -> str:
    """A number of weights as people say it: 135M, 7.2B."""
    return f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.0f}M"
