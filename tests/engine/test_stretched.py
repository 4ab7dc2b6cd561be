"""A window beyond what a model was trained for: positions are scaled, and the server says so."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from senryu.core import Job, Sampling
from senryu.engine.frames import JobChunk, WorkerConfig
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_batch import BatchRow
from senryu.engine.llama.runner import Runner
from tests.contract.manifest import requirement
from tests.engine.tiny_models import write_tiny_model
from tests.support.server import running_server

TRAINED = 4096


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained for 4,096 tokens."""
    return write_tiny_model(tmp_path_factory.mktemp("tiny"), "plain")


def config(window: int | None, cells: int | None = None) -> WorkerConfig:
    """The configuration with a window."""
    return WorkerConfig(
        threads=1, max_running=2, calibrate="off", disk_bytes=0, window=window, cells=cells
    )


@requirement("engine.stretched")
def test_a_prompt_beyond_the_training_context_is_taken(model: Path) -> None:
    loaded = load(model, config(2 * TRAINED))
    assert loaded.info.window == 2 * TRAINED
    assert loaded.info.training_context == TRAINED
    runner = Runner(loaded, config(2 * TRAINED))
    prompt = tuple(int(token) for token in np.random.default_rng(1).integers(0, 256, 6000))
    runner.submit(Job("a", prompt, 4, Sampling(0)))
    chunks: list[JobChunk] = []
    while runner.has_work:
        chunks += [*runner.plan(), *runner.compute()]
    assert sum(len(each.chunk.tokens) for each in chunks) == 4


@requirement("engine.stretched")
def test_positions_are_scaled_only_beyond_the_training_context(model: Path) -> None:
    def logits(window: int | None) -> NDArray[np.float32]:
        loaded = load(model, config(window, cells=2 * TRAINED))
        return loaded.context.decode([BatchRow(0, 0, list(range(64)), 1)])[0].copy()

    plain = logits(None)
    assert np.array_equal(plain, logits(TRAINED))
    assert np.array_equal(plain, logits(TRAINED // 2))
    assert not np.allclose(plain, logits(2 * TRAINED), atol=1e-3)


@requirement("engine.stretched")
def test_saved_memory_of_another_stretch_is_another_models(model: Path) -> None:
    prints = {load(model, config(window, cells=8192)).fingerprint for window in (4096, 6000, 8192)}
    assert len(prints) == 3


@requirement("engine.stretched")
def test_memory_bounds_the_window(model: Path) -> None:
    assert load(model, config(2 * TRAINED, cells=1024)).info.window == 1024


@requirement("engine.stretched", "cli.serve.greeting")
def test_the_greeting_says_so(model: Path) -> None:
    with running_server("--model", str(model), "--context", "8192") as server:
        assert "window 8192 tokens, beyond the 4096 that it was trained for" in server.output()
