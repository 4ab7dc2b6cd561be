"""PowerPoint files to Markdown, slide by slide. Runs in the worker."""

from collections.abc import Iterable, Iterator
from typing import IO

from pptx import Presentation
from pptx.shapes.autoshape import Shape
from pptx.shapes.base import BaseShape
from pptx.shapes.graphfrm import GraphicFrame
from pptx.shapes.group import GroupShape
from pptx.shapes.picture import Picture
from pptx.slide import Slide
from pptx.table import Table
from pptx.text.text import TextFrame

from senryu.documents.tables import markdown_table

__all__ = ["read_slides"]


def read_slides(file: IO[bytes]) -> Iterator[str]:
    """What each slide says: its title, texts and tables, and its notes."""
    for number, slide in enumerate(Presentation(file).slides, start=1):
        yield "\n\n".join(filter(None, _parts(slide, number)))


def _parts(slide: Slide, number: int) -> Iterator[str]:
    title = slide.shapes.title
    words = " ".join(title.text_frame.text.split()) if title is not None else ""
    yield f"# Slide {number}: {words}" if words else f"# Slide {number}"
    yield from _texts(shape for shape in slide.shapes if shape != title)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield f"Notes:\n{_paragraphs(notes)}"


def _texts(shapes: Iterable[BaseShape]) -> Iterator[str]:
    """What shapes say, in the order in which they were put there."""
    for shape in shapes:
        match shape:
            case GroupShape():
                yield from _texts(shape.shapes)
            case GraphicFrame() if shape.has_table:
                yield _table(shape.table)
            case GraphicFrame() if shape.has_chart:
                yield _named("Chart", shape)
            case Picture():
                yield _named("Image", shape)
            case Shape():
                yield _paragraphs(shape.text_frame)
            case _:
                pass


def _table(table: Table) -> str:
    return markdown_table([[cell.text for cell in row.cells] for row in table.rows])


def _paragraphs(frame: TextFrame) -> str:
    """Paragraphs on lines of their own; those of lower levels are list items."""
    lines = ((paragraph.level, " ".join(paragraph.text.split())) for paragraph in frame.paragraphs)
    return "\n".join(
        "  " * (level - 1) + "- " * (level > 0) + text for level, text in lines if text
    )


def _named(what: str, shape: BaseShape) -> str:
    """A place where something is that is not read, with its alternative text if it has one."""
    said = shape.element.xpath("string(.//p:cNvPr/@descr)")
    return f"[{what}: {said}]" if said else f"[{what}]"
