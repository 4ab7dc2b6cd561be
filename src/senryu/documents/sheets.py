"""Excel files to Markdown: a table for each run of rows. Runs in the worker."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import IO

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum

from senryu.documents.facts import UnreadableError
from senryu.documents.guard import check_length
from senryu.documents.tables import markdown_table

__all__ = ["read_sheets"]

_Value = int | float | str | bool | time | date | datetime | timedelta
_SEPARATOR = 3  # characters between two cells of a table
_MAX_ROWS = 1_048_576  # of Excel; rows above the first cell count, and take time
_DIGITS = ".15g"  # as many as Excel shows of a number


def read_sheets(file: IO[bytes]) -> Iterator[str]:
    """What each sheet says, by its name; of formulas their values."""
    book = CalamineWorkbook.from_filelike(file)
    for sheet in book.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet:
            yield f"# {sheet.name}"
            yield from _tables(book.get_sheet_by_name(sheet.name))


def _tables(sheet: CalamineSheet) -> Iterator[str]:
    """A table for each run of rows that are not empty."""
    for has_cells, rows in groupby(_rows(sheet), key=bool):
        if has_cells:
            yield markdown_table(list(rows))


def _rows(sheet: CalamineSheet) -> Iterator[list[str]]:
    """The cells of each row, up to the last that is not empty."""
    if sheet.end is not None and sheet.end[0] >= _MAX_ROWS:
        raise UnreadableError(f"the file has a cell below row {_MAX_ROWS}; remove it")
    total = 0
    for values in sheet.iter_rows():
        cells = [_text(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        total += sum(len(cell) + _SEPARATOR for cell in cells)
        check_length(total)
        yield cells


def _text(value: _Value) -> str:
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            return format(value, _DIGITS)
        case _:
            return str(value)
