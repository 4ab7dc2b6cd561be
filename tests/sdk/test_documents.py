"""Images, documents and citations through the official SDK, on the embedded model."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from anthropic.types import TextBlock

from tests.contract.manifest import requirement
from tests.support.drawings import document, image, pdf, picture, saved
from tests.support.sdk import EMBEDDED, GREEDY, OLDER, check_stream, connect, text_of
from tests.support.server import RunningServer

TEXT = "The grass is green. The sky is blue. The lake is 12 m deep."


@pytest.fixture(scope="module")
def client(server: RunningServer) -> Iterator[anthropic.Anthropic]:
    with connect(server.base_url) as connected:
        yield connected


def asked(*blocks: Any) -> dict[str, Any]:
    """A request about some blocks."""
    return {
        "model": EMBEDDED,
        "max_tokens": 60,
        "messages": [{"role": "user", "content": [*blocks]}],
    }


@requirement("images.read", "documents.pdf")
@pytest.mark.parametrize(
    "shown",
    [image(saved(picture("Total: 42 EUR"))), document(pdf(["Total: 42 EUR"]))],
    ids=["image", "pdf"],
)
def test_the_model_answers_from_what_it_is_shown(client: anthropic.Anthropic, shown: Any) -> None:
    question = {"type": "text", "text": "What is the total?"}
    create: Any = client.messages.create
    message = create(**asked(shown, question), extra_headers=OLDER, extra_body=GREEDY)
    assert "42" in text_of(message)


def source(text: str) -> dict[str, Any]:
    """A document that may be cited."""
    data = {"type": "text", "media_type": "text/plain", "data": text}
    return {"type": "document", "source": data, "citations": {"enabled": True}}


@requirement("citations.delta", "citations.exact")
def test_a_reply_cites_the_very_text(client: anthropic.Anthropic) -> None:
    """So small a model needs to be shown once how it is done."""
    copy = {"type": "text", "text": "Copy it."}
    body = asked(source(TEXT), copy)
    body["messages"] = [
        {"role": "user", "content": [source("Bees fly. Cats sleep."), copy]},
        {"role": "assistant", "content": "Bees fly.<cite:1> Cats sleep.<cite:2>"},
        *body["messages"],
    ]
    with client.messages.stream(**body, extra_headers=OLDER, extra_body=GREEDY) as stream:
        check_stream(list(stream))
        message = stream.get_final_message()
    first = message.content[0]
    assert isinstance(first, TextBlock)
    assert first.text == "The grass is green."
    assert "<cite:" not in text_of(message)
    for block in message.content:
        assert isinstance(block, TextBlock)
        for place in block.citations or ():
            assert place.type == "char_location"
            assert place.document_index == 1
            assert TEXT[place.start_char_index : place.end_char_index] == place.cited_text
    assert [place.cited_text for place in first.citations or ()] == [first.text]
