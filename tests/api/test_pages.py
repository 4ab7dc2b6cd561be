"""PDFs in requests to a model that sees, over real HTTP: its pages are told and shown."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from senryu.core import Job
from senryu.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from tests.api.test_images import refusal
from tests.contract.manifest import requirement
from tests.support.app import RunningApp, ask, running_app
from tests.support.drawings import document, pdf, picture

SCAN = picture("A scanned letter.", size=(595, 842))
REPORT = pdf(["The first page.", "It says hello."], SCAN, ["The third page."])
CITED = {"citations": {"enabled": True}}
WINDOW = 100_000
PLACE = "messages.0.content.0.document.source.base64.data"


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """One app for all: to load what reads takes seconds."""
    info = replace(SCRIPTED_INFO, sees=True, window=WINDOW)
    with running_app(ScriptedEngine(["It says hello.<cite:3>"], info=info)) as running:
        yield running


def job_of(app: RunningApp, *blocks: Any) -> tuple[Job, Any]:
    """What the model was asked, and what it replied."""
    answer = app.post(ask(messages=[{"role": "user", "content": [*blocks]}]))
    assert answer.status_code == 200, answer.text
    assert app.engine.last_job is not None
    return app.engine.last_job, answer.json()


def told(job: Job) -> str:
    """A prompt's text, with a # for every picture; without markers."""
    said = (chr(token) if token >= 0 else "#" for token in job.tokens if token < 256)
    return re.sub("#+", "#", "".join(said))


def darkest(page: Image.Image) -> int:
    """Its darkest grey, from 0 for black."""
    extrema: Any = page.convert("L").getextrema()
    return extrema[0]


def counted(app: RunningApp, *blocks: Any) -> int:
    """What the prompt counts."""
    body = ask(messages=[{"role": "user", "content": [*blocks]}])
    del body["max_tokens"]
    return app.client.post("/v1/messages/count_tokens", json=body).json()["input_tokens"]


@requirement("documents.shown", "images.counted")
def test_each_page_is_its_text_and_its_picture(app: RunningApp) -> None:
    block = document(REPORT, title="Report", context="From the archive.")
    num_read = app.services.reader.num_read
    num_tokens = counted(app, block)
    assert app.services.reader.num_read == num_read + 1  # to count them they are not drawn
    job, reply = job_of(app, block)
    assert (
        "[Document: Report]\nFrom the archive.\n"
        "[Page 1]\nThe first page.\nIt says hello.#[Page 2]#[Page 3]\nThe third page.#"
        "[End of the document]"
    ) in told(job)
    assert num_tokens == len(job.tokens) == reply["usage"]["input_tokens"]
    pages = [Image.open(io.BytesIO(shown.data)) for shown in job.images]
    assert [page.size for page in pages] == [(shown.width, shown.height) for shown in job.images]
    assert [page.size for page in pages] == [(920, 1303)] * 3
    tops = [page.crop((0, 0, 920, 120)) for page in pages]
    assert [darkest(top) < 100 for top in tops] == [False, True, False]  # the letter begins there


@requirement("documents.shown", "citations.exact")
def test_sentences_of_pages_are_cited_and_pictures_not(app: RunningApp) -> None:
    job, reply = job_of(app, document(REPORT, **CITED))
    assert "It says hello.<cite:2>#[Page 2]#[Page 3]\nThe third page.<cite:3>#[End" in told(job)
    (citation,) = reply["content"][0]["citations"]
    assert citation["cited_text"] == "The third page."
    assert (citation["start_page_number"], citation["end_page_number"]) == (3, 4)


@requirement("documents.shown")
def test_pages_of_a_result_are_shown_behind_the_results(app: RunningApp) -> None:
    use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [document(REPORT)]}
    body = ask(
        messages=[
            {"role": "user", "content": "see"},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result, {"type": "text", "text": "and?"}]},
        ],
        tools=[{"name": "f", "input_schema": {"type": "object"}}],
    )
    assert app.post(body).status_code == 200
    assert app.engine.last_job is not None
    said = told(app.engine.last_job)
    assert "[Page 2]\n[This page is shown below]\n\n[Page 3]\nThe third page.\n[This" in said
    assert said.index("[End of the document]") < said.rindex("#") < said.index("and?")
    assert len(app.engine.last_job.images) == 3


@requirement("documents.shown", "vision.cache")
def test_the_same_page_is_the_same_picture(app: RunningApp) -> None:
    first, again = (job_of(app, document(REPORT))[0].images for _ in range(2))
    assert first == again
    assert len({shown.digest for shown in first}) == 3
    (strip,) = job_of(app, document(pdf(["thin"], size=(10, 14_000))))[0].images
    assert (strip.width, strip.height) == (49, 1568)


@requirement("documents.shown")
def test_what_is_filled_into_a_form_is_shown(app: RunningApp) -> None:
    file = io.BytesIO()
    canvas: Any = Canvas(file, pagesize=(600, 600))
    canvas.acroForm.textfield(value="Ada", y=500, width=600, height=100, fontSize=80, borderWidth=0)
    canvas.showPage()
    canvas.save()
    (shown,) = job_of(app, document(file.getvalue()))[0].images
    page = Image.open(io.BytesIO(shown.data))
    assert darkest(page.crop((10, 10, 300, 170))) < 100


@requirement("documents.limits")
def test_a_prompt_that_is_too_long_is_refused_before_pages_are_drawn(app: RunningApp) -> None:
    long = document(pdf(*[[f"Page {number}"] for number in range(100)]))
    num_read = app.services.reader.num_read
    num_tokens = counted(app, long)
    message = f"prompt is too long: {num_tokens} tokens > {WINDOW - 1} maximum"
    assert refusal(app, long) == message
    assert app.services.reader.num_read == num_read + 1


@requirement("documents.limits")
def test_the_pictures_of_pages_are_bounded_together(app: RunningApp) -> None:
    noise = Image.frombytes("RGB", (300, 300), Random(0).randbytes(270_000))
    one, other, both = (pdf(*[noise] * count, size=(600, 600)) for count in (20, 21, 41))
    assert refusal(app, document(both)) == (
        f"{PLACE}: the PDF's pages, as they are shown, have more than 64 MB together; split it"
    )
    assert refusal(app, document(one), document(other)) == (
        f"{PLACE.replace('0.doc', '1.doc')}: the request's images and pages, as they are shown,"
        " have more than 64 MB together; send fewer at once"
    )


@requirement("documents.shown")
def test_a_model_that_sees_may_be_told_the_text_alone() -> None:
    engine = ScriptedEngine(info=replace(SCRIPTED_INFO, sees=True))
    with running_app(engine, pdf_pages="text") as app:
        job, _ = job_of(app, document(pdf(["One."], ["Two."])))
    assert "[Page 1]\nOne.\n\n[Page 2]\nTwo.\n[End of the document]" in told(job)
    assert not job.images
