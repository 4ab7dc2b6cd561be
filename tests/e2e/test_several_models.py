"""Several models in one server, files by path, and aliases."""

from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path

import anthropic
import pytest
from anthropic.types import TextBlock

from senryu.engine.llama.shipped import shipped_file
from tests.contract.manifest import requirement
from tests.support.server import RunningServer, running_server

CONFIG = """
[[models]]
cells = 4096

[[models]]
source = "{path}"
id = "from-a-path"
cells = 2048
window = 1024

[aliases]
"claude-haiku-4-5*" = "from-a-path"
"small" = "smollm2-135m-instruct"
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[anthropic.Anthropic]:
    with server_with_two(tmp_path_factory.mktemp("config")) as running:
        yield anthropic.Anthropic(base_url=running.base_url, api_key="any", max_retries=0)


def server_with_two(folder: Path) -> AbstractContextManager[RunningServer]:
    config = folder / "senryu.toml"
    config.write_text(CONFIG.format(path=shipped_file()), encoding="utf-8")
    return running_server("--config", str(config))


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "from-a-path", "small"])
@requirement("models.several")
def test_each_model_answers_under_its_names(client: anthropic.Anthropic, name: str) -> None:
    message = client.messages.create(
        model=name,
        max_tokens=20,
        messages=[{"role": "user", "content": "Name the capital of France."}],
        extra_body={"temperature": 0},
        extra_headers={"anthropic-version": "2023-06-01"},
    )
    (block,) = message.content
    assert isinstance(block, TextBlock)
    assert "Paris" in block.text
    assert message.model == name


@requirement("models.alias-wildcard")
def test_an_alias_with_a_star_echoes_the_name_that_was_asked_for(
    client: anthropic.Anthropic,
) -> None:
    name = "claude-haiku-4-5-20251001"
    message = client.messages.create(
        model=name, max_tokens=1, messages=[{"role": "user", "content": "Hello"}]
    )
    assert message.model == name
    assert client.models.retrieve(name).max_tokens == 1024  # the window of what really runs


@requirement("models.listed-aliases")
def test_the_list_has_models_and_exact_aliases(client: anthropic.Anthropic) -> None:
    assert [model.id for model in client.models.list()] == [
        "smollm2-135m-instruct",
        "from-a-path",
        "small",
    ]
