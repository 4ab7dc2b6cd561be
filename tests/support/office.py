"""Word, Excel and PowerPoint files that tests write, with libraries that people write them with."""

# Two of the libraries have no types of their own, and no public way to notes and alternative texts.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportPrivateUsage=false
# pyright: reportUnknownVariableType=false

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import docx
from docx.oxml.ns import nsdecls, qn
from docx.oxml.parser import OxmlElement
from pptx import Presentation
from pptx.util import Inches
from xlsxwriter import Workbook

from tests.support.drawings import picture, saved

__all__ = ["ROWS", "changed", "deck", "sheet", "word", "workbook"]

ROWS = (("Region", "EUR"), ("North|East", "12"), ("South", "30"))
"""The table of each file."""

_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def word() -> bytes:
    """A document with a title, a heading, a note, a list, a table and a picture."""
    made = docx.Document()
    made.add_heading("Report", 0)
    made.add_heading("Sales", 1)
    said = made.add_paragraph("They rose ")
    said.add_run("a lot").bold = True
    note: Any = OxmlElement("w:footnoteReference")
    note.set(qn("w:id"), "2")
    said.add_run()._r.append(note)
    for name in ("North", "South"):
        made.add_paragraph(name, style="List Bullet")
    _fill(made.add_table(len(ROWS), len(ROWS[0])))
    shape = made.add_picture(io.BytesIO(saved(picture())))
    shape._inline.docPr.set("descr", "A map")
    made.add_paragraph("The end.")
    file = io.BytesIO()
    made.save(file)
    notes = '<w:footnote w:id="2"><w:p><w:r><w:t>Before tax.</w:t></w:r></w:p></w:footnote>'
    footnotes = f"<w:footnotes {nsdecls('w')}>{notes}</w:footnotes>"
    return changed(file.getvalue(), {"word/footnotes.xml": footnotes.encode()})


def deck() -> bytes:
    """Two slides: one with points, a table, a picture and notes; one with a text."""
    made: Any = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    title, body = slide.placeholders
    title.text = "Plan"
    body.text_frame.text = "Build"
    point = body.text_frame.add_paragraph()
    point.text, point.level = "walls", 1
    frame = slide.shapes.add_table(len(ROWS), len(ROWS[0]), 0, 0, Inches(3), Inches(1))
    _fill(frame.table)
    shape = slide.shapes.add_picture(io.BytesIO(saved(picture())), 0, 0)
    shape._element._nvXxPr.cNvPr.set("descr", "A map")
    slide.notes_slide.notes_text_frame.text = "Speak slowly."
    last = made.slides.add_slide(made.slide_layouts[6]).shapes.add_group_shape().shapes
    last.add_textbox(0, 0, 9, 9).text_frame.text = "Thanks"
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def workbook() -> bytes:
    """A sheet with a table and, apart from it, formulas; and a sheet with a date."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as made:
        sales = made.add_worksheet("Sales")
        for number, row in enumerate(ROWS):
            sales.write_row(number, 0, row)
        sales.write_row(4, 0, ["To\0tal", 0.1 + 0.2, True])
        sales.write_formula(5, 0, "=6*7", None, 42)
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        made.add_worksheet("Days").write_number(2, 2, 46023, day)
    return file.getvalue()


def sheet(*rows: str) -> bytes:
    """The XML of a sheet."""
    return (
        f'<worksheet xmlns="{_SHEET}"><sheetData>{"".join(rows)}</sheetData></worksheet>'.encode()
    )


def changed(data: bytes, parts: Mapping[str, bytes]) -> bytes:
    """A file with some of its parts replaced, or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        kept = {name: given.read(name) for name in given.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in (kept | dict(parts)).items():
            made.writestr(name, part)
    return file.getvalue()


def _fill(table: Any) -> None:
    for y, row in enumerate(ROWS):
        for x, text in enumerate(row):
            table.cell(y, x).text = text
