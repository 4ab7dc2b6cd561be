"""Images and PDFs through the API to a model that sees: a tiny one with random weights."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.manifest import requirement
from tests.engine.tiny_vision import write_tiny_eyes
from tests.support.drawings import document, image, pdf, picture, saved
from tests.support.sdk import connect
from tests.support.server import running_server

CONTROL = {"type": "ephemeral"}
TOLD = "[Document]\n[Page 1]\nThe first page.[Page 2][End of the document]"


@requirement("images.native", "images.counted", "documents.shown", "vision.cache")
@pytest.mark.timeout(120)
def test_what_is_shown_is_seen_counted_and_cached(tmp_path: Path) -> None:
    model, _ = write_tiny_eyes(tmp_path, "sliced")
    config = tmp_path / "senryu.toml"
    settings = 'cache_min_tokens = 8\ncache_disk_mb = 0\ncalibrate = "off"\n'
    config.write_text(f'[[models]]\nsource = "{model}"\nid = "eyes"\n{settings}', encoding="utf-8")
    first, other = (image(saved(picture(text)), cache_control=CONTROL) for text in ("One", "Two"))

    with running_server("--config", str(config)) as server, connect(server.base_url) as client:

        def ask(shown: Any) -> Any:
            content: list[Any] = [shown, {"type": "text", "text": "What is it?"}]
            messages: list[Any] = [{"role": "user", "content": content}]
            counted = client.messages.count_tokens(model="eyes", messages=messages)
            usage = client.messages.create(model="eyes", max_tokens=4, messages=messages).usage
            cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
            assert counted.input_tokens == usage.input_tokens + cached
            return usage

        capabilities = client.models.retrieve("eyes").capabilities
        assert capabilities is not None
        assert capabilities.image_input.supported
        assert ask(first).cache_creation_input_tokens >= 16
        assert ask(first).cache_creation_input_tokens == 0
        assert ask(first).cache_read_input_tokens >= 16
        assert ask(other).cache_read_input_tokens == 0
        for size in ((8000, 1), (1, 1568), (1, 1)):
            assert ask(image(saved(picture(size=size)))).input_tokens > 0

        report = pdf(["The first page."], picture("A drawing."))
        written, read = (ask(document(report, cache_control=CONTROL)) for _ in range(2))
        num_told = ask({"type": "text", "text": TOLD}).input_tokens
        assert written.cache_creation_input_tokens + written.input_tokens >= num_told + 2 * 16
        assert read.cache_read_input_tokens == written.cache_creation_input_tokens
