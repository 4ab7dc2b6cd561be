"""The embedded model's preparation, with the real library on the real file."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from senryu.engine.llama.embedded import FORMAT, prepare
from senryu.engine.llama.inspect import inspect_file
from senryu.engine.llama.shipped import shipped_file
from senryu.errors import StartupError
from tests.contract.manifest import requirement


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty cache folder that ``SENRYU_CACHE_DIR`` names."""
    earlier = os.environ.get("SENRYU_CACHE_DIR")
    os.environ["SENRYU_CACHE_DIR"] = str(tmp_path)
    yield tmp_path
    if earlier is None:
        del os.environ["SENRYU_CACHE_DIR"]
    else:
        os.environ["SENRYU_CACHE_DIR"] = earlier


@requirement("models.embedded")
def test_it_is_prepared_once_and_kept(folder: Path) -> None:
    first = prepare()
    assert first.is_relative_to(folder)
    model, shipped = inspect_file(first), inspect_file(shipped_file())
    assert model.quantization == FORMAT
    assert model.num_params == shipped.num_params
    assert model.chat_template == shipped.chat_template
    made = first.stat()
    assert prepare() == first
    assert first.stat().st_mtime_ns == made.st_mtime_ns
    assert not list(folder.rglob("*.part"))


@requirement("models.embedded")
def test_two_processes_prepare_it_together(folder: Path) -> None:
    program = "from senryu.engine.llama.embedded import prepare; print(prepare())"
    command = [sys.executable, "-c", program]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {process.communicate(timeout=50)[0].strip() for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(paths) == 1
    assert inspect_file(Path(paths.pop())).num_params == inspect_file(shipped_file()).num_params


def test_a_cache_that_cannot_be_used_is_told(folder: Path) -> None:
    (folder / "embedded").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StartupError, match="set SENRYU_CACHE_DIR"):
        prepare()
