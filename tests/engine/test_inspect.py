"""What is read from a model file's header."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.gguf import read_header
from senryu.engine.llama.inspect import inspect_file
from senryu.engine.llama.shipped import shipped_file
from senryu.errors import StartupError
from tests.contract.manifest import requirement
from tests.engine.gguf_files import write_gguf


def test_the_embedded_model_is_what_its_card_says() -> None:
    model = inspect_file(shipped_file())
    assert model.architecture == "llama"
    assert model.num_params == 134_515_008
    assert model.quantization == "Q4_1"
    assert model.training_context == 8192
    assert (model.organization, model.licence) == ("HuggingFaceTB", "apache-2.0")
    assert model.languages == ("en",)
    assert model.chat_template is not None
    assert "<|im_start|>" in model.chat_template
    # 30 layers, 3 KV heads of 64 values, a key and a value, 2 bytes each
    assert model.kv_bytes_per_token == 30 * 3 * 64 * 2 * 2
    assert model.memory_bytes(1000) == model.size_bytes + 1000 * model.kv_bytes_per_token


def test_kv_memory_counts_each_layer_and_its_own_widths(tmp_path: Path) -> None:
    file = write_gguf(
        tmp_path / "hybrid.gguf",
        {
            "general.architecture": "new",
            "new.block_count": 3,
            "new.attention.head_count": 8,
            "new.attention.head_count_kv": [0, 2, 4],
            "new.attention.key_length": 10,
            "new.attention.value_length": 6,
        },
    )
    assert inspect_file(file).kv_bytes_per_token == (0 + 2 + 4) * (10 + 6) * 2


def test_a_header_that_says_little_is_enough(tmp_path: Path) -> None:
    model = inspect_file(write_gguf(tmp_path / "bare.gguf", tensors=[(2, 3), (4,)]))
    assert (model.name, model.num_params, model.quantization) == ("bare", 10, "unknown")
    assert (model.training_context, model.kv_bytes_per_token) == (0, 0)
    assert (model.organization, model.licence, model.languages) == ("", "", ())


def test_a_split_model_is_counted_whole(tmp_path: Path) -> None:
    first = write_gguf(tmp_path / "m-00001-of-00002.gguf", tensors=[(5,)])
    second = write_gguf(tmp_path / "m-00002-of-00002.gguf", tensors=[(7,)])
    model = inspect_file(first)
    assert model.num_params == 12
    assert model.size_bytes == first.stat().st_size + second.stat().st_size


def test_long_arrays_are_passed_over(tmp_path: Path) -> None:
    keys = {"words": [f"w{number}" for number in range(2000)], "scores": list(range(2000))}
    header = read_header(write_gguf(tmp_path / "long.gguf", {**keys, "after": "here"}))
    assert header.metadata == {"words": (), "scores": (), "after": "here"}


@requirement("models.inspect")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 something else", "does not begin with GGUF"),
        (b"GGUF\x01\x00\x00\x00", "version 1 is not known"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 16, ""),
    ],
)
def test_what_is_no_model_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(content)
    with pytest.raises(StartupError, match=f"not a whole GGUF file.*{message}"):
        inspect_file(file)


@requirement("models.inspect")
@given(data=st.data())
def test_a_damaged_header_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = write_gguf(
        tmp_path_factory.mktemp("damaged") / "x.gguf",
        {"general.architecture": "a", "a.block_count": [1, 2], "words": ["x", "y"]},
        tensors=[(2, 3)],
    )
    content = bytearray(file.read_bytes())
    length = data.draw(st.integers(4, len(content)))
    at = data.draw(st.integers(4, len(content) - 1))
    content[at] = data.draw(st.integers(0, 255))
    file.write_bytes(content[:length])
    try:
        inspect_file(file)
    except StartupError as error:
        assert str(file) in str(error)  # noqa: PT017 - reading it is as good


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="No such file"):
        inspect_file(tmp_path / "none.gguf")


def test_the_markers_of_the_vocabulary_are_read(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(2000)]
    tokens = [*words, "<s>", "<|im_end|>", "<|tool|>", "<b>"]
    file = write_gguf(
        tmp_path / "x.gguf",
        {
            "tokenizer.ggml.tokens": tokens,
            "tokenizer.ggml.token_type": [1] * 2000 + [3, 3, 4, 4],
            "tokenizer.ggml.bos_token_id": 2000,
            "tokenizer.ggml.eos_token_id": 2001,
            "tokenizer.ggml.add_bos_token": True,
        },
    )
    model = inspect_file(file)
    assert model.special_tokens == ("<s>", "<|im_end|>", "<|tool|>")
    assert (model.bos, model.eos, model.add_bos) == ("<s>", "<|im_end|>", True)
