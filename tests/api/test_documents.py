"""Documents and search results in requests, over real HTTP; the scripted model repeats them."""

from collections.abc import Iterator
from typing import Any

import pytest

from senryu.engine.scripted import ScriptedEngine
from tests.api.test_images import refusal, told
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app
from tests.support.drawings import document, pdf, picture, saved

REPORT = pdf(["The first page.", "It says hello."], ["The second page."])
PATH = "messages.0.content.0.document.source.base64.data"


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """One app for all: to load what reads takes seconds."""
    with running_app() as running:
        yield running


@requirement("documents.pdf")
def test_the_pages_of_a_pdf_are_told(app: RunningApp) -> None:
    assert told(app, document(REPORT, title="Report", context="From the archive.")) == (
        "[Document: Report]\nFrom the archive.\n"
        "[Page 1]\nThe first page.\nIt says hello.\n\n[Page 2]\nThe second page.\n"
        "[End of the document]"
    )


@requirement("documents.pdf")
def test_a_scanned_page_is_read(app: RunningApp) -> None:
    scan = saved(picture("A scanned letter."), "PDF")
    assert "A scanned letter." in told(app, document(scan))


@requirement("documents.limits")
@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"%PDF-1.4 and nothing else", "broken"),
        (b"", "broken"),
        (REPORT[:300], "broken"),
        (pdf(["secret"], password="x"), "encrypted"),
        (pdf(*[["page"]] * 101), "the PDF has 101 pages; at most 100 are read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_cause(
    app: RunningApp, data: bytes, cause: str
) -> None:
    assert refusal(app, document(data)).startswith(f"{PATH}: the PDF")
    assert cause in refusal(app, document(data))


@requirement("documents.limits")
def test_pages_are_counted_over_all_documents(app: RunningApp) -> None:
    half = [document(pdf(*[[f"{name} {n}"] for n in range(60)])) for name in ("a", "b")]
    assert "more than 100 pages together" in refusal(app, *half)


@requirement("documents.text")
def test_texts_and_blocks_are_told(app: RunningApp) -> None:
    text = {"type": "text", "media_type": "text/plain", "data": "Plain words."}
    blocks = {"type": "content", "content": [{"type": "text", "text": w} for w in ("One.", "Two.")]}
    sources: list[Any] = [
        {"type": "document", "source": text},
        {"type": "document", "source": blocks, "title": "Parts"},
        {
            "type": "search_result",
            "source": "https://example.org/a",
            "title": "Found",
            "content": [{"type": "text", "text": "Three."}],
        },
    ]
    assert told(app, *sources) == (
        "[Document]\nPlain words.\n[End of the document]\n\n"
        "[Document: Parts]\nOne.\n\nTwo.\n[End of the document]\n\n"
        "[Search result: Found]\nhttps://example.org/a\nThree.\n[End of the search result]"
    )


@requirement("documents.text")
def test_a_document_may_be_a_breakpoint(app: RunningApp) -> None:
    text = {"type": "text", "media_type": "text/plain", "data": "x" * 3000}
    block = {"type": "document", "source": text, "cache_control": {"type": "ephemeral"}}
    question = {"type": "text", "text": "?"}
    body = ask(messages=[{"role": "user", "content": [block, question]}])
    with running_app(cache_min_tokens=100) as cached:
        usages = [cached.post(body).json()["usage"] for _ in range(2)]
    assert usages[0]["cache_creation_input_tokens"] > 3000
    assert usages[1]["cache_read_input_tokens"] == usages[0]["cache_creation_input_tokens"]


def uploaded(app: RunningApp, name: str, data: bytes, media_type: str) -> dict[str, Any]:
    """The source of a file that was uploaded."""
    answer = app.client.post("/v1/files", files={"file": (name, data, media_type)})
    assert answer.status_code == 200, answer.text
    return {"type": "file", "file_id": answer.json()["id"]}


@requirement("documents.files")
def test_uploaded_files_are_images_and_documents(app: RunningApp) -> None:
    scan = uploaded(app, "a.png", saved(picture("A scanned letter.")), "image/png")
    report = uploaded(app, "report.pdf", REPORT, "application/pdf")
    table = uploaded(app, "t.csv", b"\xef\xbb\xbfa,b\n1,2\n", "text/csv")
    shown = [{"type": "image", "source": scan}]
    shown += [{"type": "document", "source": source} for source in (report, table)]
    text = told(app, *shown)
    places = [text.index(part) for part in ("A scanned letter.", "[Page 2]", "a,b\n1,2\n")]
    assert places == sorted(places)


@requirement("documents.files")
def test_what_cannot_be_read_of_an_uploaded_file_is_told_with_its_place(app: RunningApp) -> None:
    place = "messages.0.content.0.document.source.file.file_id"
    odd = uploaded(app, "a.zip", b"PK", "application/zip")
    assert refusal(app, {"type": "document", "source": odd}).startswith(
        f"{place}: a file of type application/zip cannot be a document"
    )
    latin = uploaded(app, "a.txt", b"gr\xfc\xdfe", "text/plain")
    assert "not in UTF-8" in refusal(app, {"type": "document", "source": latin})
    large = uploaded(app, "a.png", bytes(6 * 1024 * 1024), "image/png")
    assert "at most" in refusal(app, {"type": "image", "source": large})
    absent = {"type": "file", "file_id": "file_011CNone"}
    body = ask(messages=[{"role": "user", "content": [{"type": "image", "source": absent}]}])
    assert app.post(body).status_code == 404


@requirement("documents.limits")
def test_the_files_of_a_request_are_bounded_together(app: RunningApp) -> None:
    large = [
        uploaded(app, f"{n}.txt", bytes([48 + n]) * 30 * 1024 * 1024, "text/plain")
        for n in range(3)
    ]
    shown = [{"type": "document", "source": source} for source in large]
    assert refusal(app, *shown).endswith("the request's files have more than 64 MB together")


@requirement("documents.files", "citations.exact")
def test_a_citation_names_its_file() -> None:
    with running_app(ScriptedEngine(["It is blue.<cite:2>"])) as app:
        source = uploaded(app, "a.txt", b"Grass is green. Sky is blue.", "text/plain")
        block = {"type": "document", "source": source, "citations": {"enabled": True}}
        (cited,) = app.post(ask(messages=[{"role": "user", "content": [block]}])).json()["content"]
    (citation,) = cited["citations"]
    assert citation["cited_text"] == "Sky is blue."
    assert citation["file_id"] == source["file_id"]


@requirement("citations.rules")
def test_citations_are_for_all_documents_or_none(app: RunningApp) -> None:
    text = {"type": "text", "media_type": "text/plain", "data": "x"}
    one = {"type": "document", "source": text, "citations": {"enabled": True}}
    other = {"type": "document", "source": text}
    assert refusal(app, one, other) == (
        "messages.0.content.1.document.citations: citations must be enabled for all or for none"
        " of the `document` blocks of a request"
    )


@requirement("citations.rules")
def test_citations_and_an_output_format_exclude_each_other(app: RunningApp) -> None:
    text = {"type": "text", "media_type": "text/plain", "data": "x"}
    block = {"type": "document", "source": text, "citations": {"enabled": True}}
    schema: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    config: Any = {"format": {"type": "json_schema", "schema": schema}}
    body = ask(messages=[{"role": "user", "content": [block]}], output_config=config)
    answer = app.post(body)
    assert answer.status_code == 400
    assert "citations" in answer.json()["error"]["message"]


@requirement("citations.exact")
def test_pages_are_cited_by_their_number() -> None:
    block = document(REPORT, citations={"enabled": True}, title="Report")
    body = ask(messages=[{"role": "user", "content": [block]}])
    with running_app(ScriptedEngine(["It is the second.<cite:3>"])) as app:
        (told_block,) = app.post(body).json()["content"]
    assert told_block["citations"] == [
        {
            "type": "page_location",
            "cited_text": "The second page.",
            "document_index": 0,
            "document_title": "Report",
            "start_page_number": 2,
            "end_page_number": 3,
            "file_id": None,
        }
    ]
