"""Uploaded Office files and HTML pages, over real HTTP; the scripted model repeats them."""

from collections.abc import Iterator

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.api.test_documents import uploaded
from tests.api.test_images import refusal, told
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app
from tests.support.office import changed, deck, sheet, word, workbook

PLACE = "messages.0.content.0.document.source.file.file_id"
UNKNOWN = "application/octet-stream"
TABLE = "| Region | EUR |\n| --- | --- |\n| North\\|East | 12 |\n| South | 30 |"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
WORD, SHEET, SLIDE = "word/document.xml", "xl/worksheets/sheet1.xml", "ppt/slides/slide1.xml"
PAGE = """<!doctype html><title>Sales</title><style>p {}</style><script>alert(1)</script>
<h1>Report</h1><p>They rose <b>a lot</b>, <a href="https://e.org/x">it says</a>.</p>
<ul><li>North<ul><li>East</li></ul></li><li>South</li></ul>
<table><tr><th>Region</th><th>EUR</th></tr><tr><td>North|East</td><td>12</td></tr>
<tr><td>South</td><td>30</td></tr></table>
<p hidden>Unseen</p><p><img src="http://127.0.0.1:9/a.png" alt="A map">
<img src="data:image/png;base64,AAAA" alt="A dot"></p>"""


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """One app for all: to load what reads takes a second."""
    with running_app() as running:
        yield running


def told_of(app: RunningApp, data: bytes, media_type: str = UNKNOWN) -> str:
    """What the model is told of an uploaded file."""
    source = uploaded(app, "a", data, media_type)
    text = told(app, {"type": "document", "source": source})
    return text.removeprefix("[Document]\n").removesuffix("\n[End of the document]")


@requirement("documents.office")
def test_a_word_file_is_told_with_headings_lists_tables_and_notes(app: RunningApp) -> None:
    text = (
        "# Report\n\n# Sales\n\nThey rose **a lot**[1]\n\n- North\n- South\n\n"
        f"{TABLE}\n\n[Image: A map]\n\nThe end.\n\n1. Before tax."
    )
    assert told_of(app, word()) == text
    with_macros = changed(word(), {"word/vbaProject.bin": b"macros"})
    assert told_of(app, with_macros, "application/vnd.ms-word.document.macroEnabled.12") == text


@requirement("documents.office")
def test_an_excel_file_is_told_sheet_by_sheet_with_values(app: RunningApp) -> None:
    assert told_of(app, workbook()) == (
        f"# Sales\n\n{TABLE}\n\n| To\ufffdtal | 0.3 | TRUE |\n| --- | --- | --- |\n| 42 |\n\n"
        "# Days\n\n| 2026-01-01 |\n| --- |"
    )


@requirement("documents.office")
def test_a_powerpoint_file_is_told_slide_by_slide(app: RunningApp) -> None:
    assert told_of(app, deck()) == (
        f"# Slide 1: Plan\n\nBuild\n- walls\n\n{TABLE}\n\n[Image: A map]\n\n"
        "Notes:\nSpeak slowly.\n\n# Slide 2\n\nThanks"
    )


@requirement("documents.html")
def test_an_html_page_is_told_as_it_reads(app: RunningApp) -> None:
    assert told_of(app, PAGE.encode(), "text/html; charset=utf-8") == (
        "# Report\n\nThey rose **a lot**, [it says](https://e.org/x).\n\n"
        f"- North\n  - East\n- South\n\n{TABLE}\n\n"
        "![A map](http://127.0.0.1:9/a.png)\nA dot"
    )


@requirement("documents.office", "citations.exact")
def test_a_citation_is_of_the_text_that_was_made_of_a_file() -> None:
    with running_app(ScriptedEngine(["It ends.<cite:1>"])) as app:
        source = uploaded(app, "a.pptx", deck(), UNKNOWN)
        block = {"type": "document", "source": source, "citations": {"enabled": True}}
        (cited,) = app.post(ask(messages=[{"role": "user", "content": [block]}])).json()["content"]
    (citation,) = cited["citations"]
    assert citation["type"] == "char_location"
    assert citation["cited_text"] == "# Slide 1: Plan"
    assert (citation["start_char_index"], citation["end_char_index"]) == (0, 15)


def nested(times: int) -> bytes:
    return f"{'<a>' * times}{'</a>' * times}".encode()


def cell(column: str, row: int) -> str:
    return f'<row r="{row}"><c r="{column}{row}"><v>1</v></c></row>'


@requirement("documents.office.hostile")
@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"<div>" * 50_000, "nested too deeply"),
        (OLE, "the format of Office before 2007; save it anew as docx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted; send it without a password"),
        (word()[:9000], "broken, or of a kind not read; save it anew as docx"),
        (changed(word(), {WORD: bytes(17 << 20)}), "more than 16 MB when it is unpacked"),
        (changed(word(), dict.fromkeys(map(str, range(10_000)), b"")), "more than 10000 parts"),
        (changed(word(), {WORD: b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'}), "document type decl"),
        (changed(word(), {WORD: nested(50_000)}), "nested too deeply"),
        (changed(deck(), {SLIDE: nested(50_000)}), "broken"),
        (changed(workbook(), {SHEET: sheet(cell("A", 9_999_999))}), "a cell below row 1048576"),
        (changed(workbook(), {SHEET: sheet(cell("A", 1), cell("XFD", 99_999))}), "too much memory"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_cause(
    app: RunningApp, data: bytes, cause: str
) -> None:
    source = uploaded(app, "a", data, "text/html" if data.startswith(b"<") else UNKNOWN)
    message = refusal(app, {"type": "document", "source": source})
    assert message.startswith(f"{PLACE}: the file ")
    assert cause in message
