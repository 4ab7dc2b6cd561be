"""Rows of cells to a table in Markdown. Pure."""

from collections.abc import Iterator, Sequence

__all__ = ["markdown_table"]


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """A table whose head is the first row.

    Rows may have fewer cells than others; GFM has the rest of theirs empty.

    Arguments:
        rows: what its cells say; one row at least.
    """
    return "\n".join(_lines(rows))


def _lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    width = max(map(len, rows))
    yield _line([*rows[0], *[""] * (width - len(rows[0]))])
    yield "|" + " --- |" * width
    yield from map(_line, rows[1:])


def _line(cells: Sequence[str]) -> str:
    said = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(said)} |"
