"""Lines that were found in a picture, each with its place, to one text. Pure.

Lines beside one another become a row. Rows whose cells stand in common columns become a table in
Markdown, unless the cells are whole lines of text: those are columns of a page, and are read one
after the other. All of this runs from right to left where most of the lines do.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from senryu.documents.tables import markdown_table

__all__ = ["Line", "lay_out"]

_MIN_OVERLAP = 0.5  # of the lower line's height: less, and two lines are not beside one another
_PARAGRAPH_GAP = 1.2  # of a line's height: more between two rows, and a paragraph ends
_STRONG = frozenset({"L", "R", "AL"})  # Unicode, annex 9: characters with a direction
_COLUMN_CHARACTERS = 25  # cells longer than this on average are text in columns, not a table


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text in a picture.

    Arguments:
        text: what it says.
        left: its box in pixels from the picture's left and top edge; so top, right, bottom.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top


_Row = list[Line]


def lay_out(lines: Sequence[Line]) -> str:
    """The text of a picture, top to bottom, with its tables as tables."""
    directions = [_is_leftward(line.text) for line in lines]
    if directions.count(True) > directions.count(False):
        lines = [replace(line, left=-line.right, right=-line.left) for line in lines]
    blocks = [_block(run) for run in _runs(_rows(lines))]
    return "\n\n".join(block for block in blocks if block)


def _is_leftward(text: str) -> bool | None:
    """Whether a text runs from right to left; None for figures, which do not tell."""
    directions = map(unicodedata.bidirectional, text)
    strong = next((each for each in directions if each in _STRONG), None)
    return None if strong is None else strong != "L"


def _rows(lines: Sequence[Line]) -> list[_Row]:
    """Lines beside one another, from left to right; rows from top to bottom."""
    rows: list[_Row] = []
    for line in sorted(lines, key=lambda line: (line.top + line.bottom, line.left)):
        if rows and _is_beside(rows[-1][-1], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def _is_beside(one: Line, other: Line) -> bool:
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared > _MIN_OVERLAP * min(one.height, other.height)


def _runs(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Neighbouring rows that belong together: all with several cells, or text without a gap."""
    run: list[_Row] = []
    for row in rows:
        if run and not _goes_on(run[-1], row):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _goes_on(above: _Row, below: _Row) -> bool:
    if (len(above) > 1) is not (len(below) > 1):
        return False
    if len(above) > 1:
        return True
    gap = below[0].top - above[0].bottom
    return gap <= _PARAGRAPH_GAP * min(above[0].height, below[0].height)


def _block(rows: list[_Row]) -> str:
    columns = _columns(rows)
    if columns is None:
        return "\n".join("  ".join(line.text for line in row) for row in rows)
    cells = [[line.text for line in column if line] for column in columns]
    texts = [text for column in cells for text in column]
    if sum(map(len, texts)) > _COLUMN_CHARACTERS * len(texts):
        return "\n\n".join("\n".join(column) for column in cells)
    in_rows = zip(*columns, strict=True)
    return markdown_table([[line.text if line else "" for line in row] for row in in_rows])


def _columns(rows: list[_Row]) -> list[list[Line | None]] | None:
    """The cells of each column, with gaps; None if the rows have no columns in common."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return None
    spans: list[tuple[float, float]] = []
    for left, right in sorted((line.left, line.right) for row in rows for line in row):
        if spans and left < spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], right)
        else:
            spans.append((left, right))
    columns: list[list[Line | None]] = [[] for _ in spans]
    for row in rows:
        placed: list[Line | None] = [None] * len(spans)
        for line in row:
            place = next(n for n, (left, right) in enumerate(spans) if left <= line.left <= right)
            if placed[place] is not None:
                return None
            placed[place] = line
        for column, cell in zip(columns, placed, strict=True):
            column.append(cell)
    return columns if len(spans) > 1 else None
