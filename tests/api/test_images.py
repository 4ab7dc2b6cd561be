"""Images in requests, over real HTTP: what the model is told of them, and what is refused.

The scripted model repeats what it was told.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anthropic
import pytest
from PIL import Image

from senryu.engine.scripted import SCRIPTED_INFO, ScriptedEngine
from tests.contract.manifest import requirement
from tests.support.app import MODEL, RunningApp, ask, running_app
from tests.support.drawings import image, picture, saved

HELLO = saved(picture("The total is 42 EUR."))


@pytest.fixture(scope="module")
def app() -> Iterator[RunningApp]:
    """One app for all: to load what reads takes seconds."""
    with running_app() as running:
        yield running


def told(app: RunningApp, *blocks: Any) -> str:
    """What the model was told."""
    body = ask(messages=[{"role": "user", "content": [*blocks]}]) | {"max_tokens": 4000}
    answer = app.post(body)
    assert answer.status_code == 200, answer.text
    return answer.json()["content"][0]["text"]


def refusal(app: RunningApp, *blocks: Any) -> str:
    """Why a request was refused."""
    answer = app.post(ask(messages=[{"role": "user", "content": [*blocks]}]))
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    return error["message"]


@requirement("images.read")
@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_the_text_in_an_image_is_told(app: RunningApp, kind: str, media_type: str) -> None:
    data = saved(picture("The total is 42 EUR."), kind)
    assert told(app, image(data, media_type)) == (
        "[Image of 640 x 200 pixels; the text in it:]\nThe total is 42 EUR.\n[End of the image]"
    )


@requirement("images.read")
def test_an_image_is_read_upright(app: RunningApp) -> None:
    turned = picture("The total is 42 EUR.").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees, clockwise
    assert "The total is 42 EUR." in told(
        app, image(saved(turned, "JPEG", exif=exif), "image/jpeg")
    )


@requirement("images.read")
def test_what_is_transparent_is_white(app: RunningApp) -> None:
    drawn = picture("The total is 42 EUR.").convert("L")
    layer = Image.new("RGBA", drawn.size, (0, 0, 0, 0))
    layer.putalpha(drawn.point(lambda value: 255 - value))
    assert "The total is 42 EUR." in told(app, image(saved(layer)))


@requirement("images.read")
def test_an_image_without_text_says_so(app: RunningApp) -> None:
    blank = saved(Image.new("RGB", (64, 64), "green"))
    assert told(app, image(blank)) == "[Image of 64 x 64 pixels, in which no text could be read]"


@requirement("images.read")
def test_images_and_texts_keep_their_order(app: RunningApp) -> None:
    words = {"type": "text", "text": "and then"}
    other = image(saved(picture("Something else.")))
    said = told(app, image(HELLO), words, other)
    places = [said.index(text) for text in ("42 EUR", "and then", "Something else")]
    assert places == sorted(places)


@requirement("images.read", "tools.results")
def test_images_in_results_and_in_documents_are_told(app: RunningApp) -> None:
    nested = {"type": "document", "source": {"type": "content", "content": [image(HELLO)]}}
    assert "42 EUR" in told(app, nested)
    use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [image(HELLO)]}
    messages: list[Any] = [
        {"role": "user", "content": "see"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    assert app.post(ask(messages=messages, tools=tools)).status_code == 200
    job = app.engine.last_job
    assert job is not None
    assert b"42 EUR" in bytes(token for token in job.tokens if token < 256)


@requirement("images.checked")
def test_a_file_must_be_what_it_is_said_to_be(app: RunningApp) -> None:
    path = "messages.0.content.0.image.source.base64.data"
    assert refusal(app, image(HELLO, "image/jpeg")) == (
        f"{path}: the image does not match the media type image/jpeg: it is image/png"
    )
    assert refusal(app, image(b"GIF89a and nothing else", "image/gif")).startswith(f"{path}: ")
    text = image(b"")
    text["source"]["data"] = "this is not base64!"
    assert refusal(app, text) == f"{path}: Invalid base64 data"


@requirement("images.checked")
@pytest.mark.parametrize(
    ("data", "media_type", "cause"),
    [
        (HELLO[: len(HELLO) // 2], "image/png", "broken"),
        (saved(Image.new("CMYK", (9, 9)), "JPEG"), "image/jpeg", "CMYK"),
        (saved(Image.new("I;16", (9, 9))), "image/png", "8 bits"),
        (b"", "image/png", "broken"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "image/png", "broken"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_cause(
    app: RunningApp, data: bytes, media_type: str, cause: str
) -> None:
    assert cause in refusal(app, image(data, media_type))


def claiming(width: int, height: int) -> bytes:
    """A PNG of one pixel that claims to be larger."""
    data = bytearray(saved(Image.new("RGB", (1, 1))))
    data[16:24] = struct.pack(">II", width, height)
    return bytes(data)


@requirement("images.limits")
def test_an_image_that_claims_to_be_gigantic_is_refused_by_its_header(app: RunningApp) -> None:
    assert "broken" in refusal(app, image(claiming(100_000, 100_000)))
    # the checksum of the header is wrong too: what claims a size truly is refused by that
    wide = saved(Image.new("L", (8001, 2)))
    assert "more than 8000 pixels" in refusal(app, image(wide))


@requirement("images.limits")
def test_the_sdk_knows_images_that_are_too_large(app: RunningApp) -> None:
    client = anthropic.Anthropic(base_url=app.base_url, api_key="none", max_retries=0)
    wide: Any = image(
        saved(Image.new("L", (1600, 20))), transformations={"oversized_image": "error"}
    )
    content: list[Any] = [{"type": "text", "text": "see"}, image(HELLO), wide]
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(
            model=MODEL, max_tokens=9, messages=[{"role": "user", "content": content}]
        )
    details: Any = caught.value.body
    assert details["error"]["details"] == {
        "error_code": "image_dimensions_too_large",
        "max_side_length_pixels": 1568,
        "paths": ["messages.0.content.2"],
    }
    assert type(caught.value).__name__ == "ImageDimensionsTooLargeError"


@requirement("images.limits")
def test_many_images_have_a_smaller_limit(app: RunningApp) -> None:
    wide = image(saved(Image.new("L", (2001, 2))))
    dot = image(saved(Image.new("L", (1, 1))))
    assert "2000 pixels" in refusal(app, wide, *[dot] * 20)
    assert refusal(app, *[dot] * 101) == "messages: 101 images; at most 100 are taken"


@requirement("images.limits")
def test_a_large_file_is_refused(app: RunningApp) -> None:
    data = HELLO + bytes(5 * 1024 * 1024)
    assert "the file exceeds 5 MB" in refusal(app, image(data))


@requirement("images.counted")
def test_counting_agrees_with_the_bill(app: RunningApp) -> None:
    body = ask(messages=[{"role": "user", "content": [image(HELLO)]}])
    asked = {name: body[name] for name in ("model", "messages")}
    counted = app.client.post("/v1/messages/count_tokens", json=asked)
    assert counted.json()["input_tokens"] == app.post(body).json()["usage"]["input_tokens"]


@requirement("images.refused")
def test_a_model_may_refuse_images() -> None:
    with running_app(images="refuse") as app:
        assert "takes no images" in refusal(app, image(HELLO))
        capabilities = app.client.get("/v1/models").json()["data"][0]["capabilities"]
        assert not capabilities["image_input"]["supported"]


@requirement("images.workspaces")
def test_what_was_read_for_one_workspace_is_read_again_for_another() -> None:
    """A tenant who sends an image must not see by the time whether another one had sent it."""
    keys = [{"key": f"key-of-{name}-0000000000", "workspace": name} for name in ("a", "b")]
    with running_app(keys=keys) as app:
        body = ask(messages=[{"role": "user", "content": [image(HELLO)]}])
        for key in keys:
            assert app.post(body, **{"x-api-key": key["key"]}).status_code == 200
            assert app.post(body, **{"x-api-key": key["key"]}).status_code == 200
        assert app.services.reader.num_read == 4


def seeing() -> ScriptedEngine:
    """A scripted model that sees."""
    return ScriptedEngine(info=replace(SCRIPTED_INFO, sees=True))


@requirement("images.native")
def test_a_model_that_sees_is_shown_images_upright_and_scaled() -> None:
    turned = picture("The total is 42 EUR.").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = image(saved(turned, "JPEG", exif=exif), "image/jpeg")
    large = image(saved(Image.new("RGB", (3136, 100), "green")))
    with running_app(seeing()) as app:
        content = [photo, large, {"type": "text", "text": "What is it?"}]
        assert app.post(ask(messages=[{"role": "user", "content": content}])).status_code == 200
        job = app.engine.last_job
    assert job is not None
    sizes = [(shown.width, shown.height) for shown in job.images]
    assert sizes == [(640, 200), (1568, 50)]
    for shown in job.images:
        decoded = Image.open(io.BytesIO(shown.data))
        assert (decoded.format, decoded.size) == ("PNG", (shown.width, shown.height))


@requirement("images.native", "images.counted")
def test_an_image_of_a_result_is_shown_behind_the_results() -> None:
    use: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [image(HELLO)]}
    body = ask(
        messages=[
            {"role": "user", "content": "see"},
            {"role": "assistant", "content": [use]},
            {"role": "user", "content": [result, {"type": "text", "text": "and?"}]},
        ],
        tools=[{"name": "f", "input_schema": {"type": "object"}}],
    )
    with running_app(seeing()) as app:
        used = app.post(body).json()["usage"]["input_tokens"]
        job = app.engine.last_job
        del body["max_tokens"]
        counted = app.client.post("/v1/messages/count_tokens", json=body).json()["input_tokens"]
    assert job is not None
    assert len(job.images) == 1
    assert used == counted == len(job.tokens)
    written = [chr(token) if 0 <= token < 256 else "#" for token in job.tokens]
    text = "".join(written)
    assert text.index("[Image, shown below]") < text.index("###") < text.index("and?")


@requirement("images.native", "images.read")
def test_a_model_that_sees_may_be_told_instead() -> None:
    with running_app(seeing(), images="read") as app:
        assert "The total is 42 EUR." in told(app, image(HELLO))
    with running_app(images="native") as app:
        assert "takes no images" in refusal(app, image(HELLO))
