"""How a model source becomes a file, and a name."""

from pathlib import Path

import pytest

from senryu.engine.llama.sources import choose_file, resolve
from senryu.engine.model_id import default_id
from senryu.errors import StartupError
from tests.contract.manifest import requirement
from tests.engine.gguf_files import write_gguf

FILES = [
    "README.md",
    "imatrix.gguf",
    "mmproj-model-f16.gguf",
    "model-BF16.gguf",
    "model-Q2_K.gguf",
    "model-Q4_K_M.gguf",
    "model-Q8_0.gguf",
    "split/model-F16-00001-of-00002.gguf",
    "split/model-F16-00002-of-00002.gguf",
]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("embedded", "smollm2-135m-instruct"),
        ("/models/Qwen3-4B.Q8_0.gguf", "qwen3-4b.q8_0"),
        ("big-00001-of-00003.gguf", "big"),
        ("hf:ggml-org/gemma-3-4b-it-GGUF", "gemma-3-4b-it"),
        ("hf:ggml-org/gemma-3-4b-it-GGUF:x.gguf", "gemma-3-4b-it"),
        ("/models/my model (1).gguf", "my-model-1"),
        ("/models/***.gguf", "model"),
    ],
)
def test_the_default_name_comes_from_the_source(source: str, name: str) -> None:
    assert default_id(source) == name


@requirement("models.sources")
@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("", "model-Q4_K_M.gguf"),
        ("Q8_0", "model-Q8_0.gguf"),
        ("q8_0", "model-Q8_0.gguf"),
        ("model-Q2_K.gguf", "model-Q2_K.gguf"),
        ("F16", "split/model-F16-00001-of-00002.gguf"),
        ("Q4_K", None),
        ("none.gguf", None),
    ],
)
def test_a_repositorys_file_is_chosen_by_name_format_or_preference(
    wanted: str, chosen: str | None
) -> None:
    assert choose_file(FILES, wanted) == chosen


def test_a_repository_of_unusual_files_still_has_one_to_choose() -> None:
    assert choose_file(["a.txt", "b-weird.gguf"]) == "b-weird.gguf"
    assert choose_file(["a.safetensors"]) is None


@requirement("models.sources")
def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf")
    assert resolve(str(file)) == file


@requirement("models.sources")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.gguf", "no such file; a model is `embedded`"),
        (".", "is a folder"),
        ("text.gguf", "is not a GGUF file"),
        ("m-00001-of-00002.gguf", "m-00002-of-00002.gguf: no such file"),
    ],
)
def test_a_path_that_is_no_model_is_refused(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("hello", encoding="utf-8")
    write_gguf(tmp_path / "m-00001-of-00002.gguf")
    with pytest.raises(StartupError, match=message):
        resolve(str(tmp_path / name))


@requirement("models.sources")
def test_a_repository_must_be_spelled_as_one() -> None:
    with pytest.raises(StartupError, match="is not spelled hf:ORG/REPO"):
        resolve("hf:a/b/c/d")
