"""How a model gets its eyes: which file is found, what is named, what does not fit; a worker."""

import dataclasses
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from senryu.core import Image, Job, Prompt, Sampling, Segment
from senryu.engine.conformance import CHECKS
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.loading import Loaded, load
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.projector_names import choose_projector
from senryu.engine.supervisor import SupervisedEngine
from senryu.errors import EngineError, InvalidRequestError, StartupError
from tests.contract.manifest import requirement
from tests.engine.gguf_files import write_gguf
from tests.engine.tiny_models import write_tiny_model
from tests.engine.tiny_vision import picture, write_tiny_eyes

CONFIG = WorkerConfig(cells=1024, threads=1, max_running=4, batch_invariant=True)


@pytest.mark.parametrize(
    ("files", "model", "chosen"),
    [
        (["model.gguf", "mmproj-model-f16.gguf"], "model.gguf", "mmproj-model-f16.gguf"),
        (["m.gguf", "SmolVLM.mmproj-Q8_0.gguf"], "m.gguf", "SmolVLM.mmproj-Q8_0.gguf"),
        (["mmproj-F32.gguf", "mmproj-BF16.gguf", "mmproj-F16.gguf"], "m.gguf", "mmproj-F16.gguf"),
        (["mmproj-BF16.gguf", "mmproj-Q8_0.gguf"], "m.gguf", "mmproj-Q8_0.gguf"),
        (["mmproj-F16.gguf", "mmproj-Q-4B-BF16.gguf"], "Q-4B-Q4_K_M.gguf", "mmproj-Q-4B-BF16.gguf"),
        (["mmproj-F16.gguf"], "split/m-00001-of-00002.gguf", None),
        (["split/mmproj-F16.gguf"], "split/m-00001-of-00002.gguf", "split/mmproj-F16.gguf"),
        (["model.gguf", "mmproj.txt", "notmmproj.gguf"], "model.gguf", None),
    ],
)  # fmt: skip
def test_the_projector_is_found_by_its_name(
    files: list[str], model: str, chosen: str | None
) -> None:
    assert choose_projector(files, model) == chosen


def loaded(path: Path, projector: str | None = None) -> Loaded:
    quiet_logs()
    return load(path, dataclasses.replace(CONFIG, projector=projector))


@requirement("vision.projector")
def test_a_projector_beside_the_model_is_used_unless_it_is_not_wanted(tmp_path: Path) -> None:
    path, _ = write_tiny_eyes(tmp_path, "plain")
    seeing, blind = loaded(path), loaded(path, "none")
    assert seeing.info.sees
    assert not blind.info.sees
    assert seeing.fingerprint != blind.fingerprint


@requirement("vision.projector")
def test_a_projector_can_be_named(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    _, projector = write_tiny_eyes(elsewhere, "plain")
    path = write_tiny_model(tmp_path, "plain")
    assert not loaded(path).info.sees
    assert loaded(path, str(projector)).info.sees


@pytest.mark.parametrize(
    ("kind", "message"),
    [("mlp", "cannot be used with this model"), ("hunyuanvl", "hunyuanvl is not supported")],
)
def test_what_does_not_fit_is_left_alone_or_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, message: str
) -> None:
    path = write_tiny_model(tmp_path, "plain")
    keys = {"general.architecture": "clip", "clip.projector_type": kind}
    named = write_gguf(tmp_path / "mmproj-other.gguf", keys, tensors=[(2, 2)])
    with caplog.at_level(logging.WARNING):
        assert not loaded(path).info.sees
    assert message in caplog.text
    with pytest.raises(StartupError, match=message):
        loaded(path, str(named))


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path, "plain")
    with pytest.raises(StartupError, match="no such GGUF file"):
        loaded(path, str(tmp_path / "mmproj.gguf"))


@asynccontextmanager
async def running(path: Path, projector: str | None = None) -> AsyncGenerator[SupervisedEngine]:
    config = dataclasses.replace(CONFIG, source=str(path), projector=projector)
    engine = SupervisedEngine(config, ready_timeout_s=30)
    await engine.start()
    try:
        await engine.wait_ready()
        yield engine
    finally:
        await engine.audit()
        await engine.close()


def prompt(*parts: str | Image) -> Prompt:
    return Prompt(
        tuple(
            Segment(part, block=block)
            if isinstance(part, str)
            else Segment("", block=block, image=part)
            for block, part in enumerate(parts)
        )
    )


async def reply(engine: SupervisedEngine, name: str, *parts: str | Image) -> list[int]:
    tokens = (await engine.tokenize(prompt(*parts))).ids
    images = tuple(part for part in parts if isinstance(part, Image))
    job = Job(name, tokens, 6, Sampling(0), images=images)
    return [token async for chunk in await engine.generate(job) for token in chunk.tokens]


@pytest.mark.anyio
async def test_a_worker_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENRYU_CACHE_DIR", str(tmp_path))
    path, _ = write_tiny_eyes(tmp_path, "plain")
    async with running(path) as engine:
        assert engine.info is not None
        assert engine.info.sees
        counted = await engine.tokenize(prompt("see ", picture(1), "well"))
        assert counted.block_ends == (4, 20, 24)
        first = await reply(engine, "a", "see ", picture(1), "well")
        again = await reply(engine, "b", "see ", picture(1), "well")
        assert first == again
        assert engine.status().num_cached_tokens == 23
        with pytest.raises(EngineError, match="a picture was lost"):
            await reply(engine, "c", "see ", Image.of(b"no picture", 32, 32), "well")
        tokens = counted.ids
        with pytest.raises(InvalidRequestError, match="does not have"):
            await engine.generate(Job("d", tokens, 6, Sampling(0), images=(picture(2),)))
        stream = await engine.generate(Job("e", tokens, 6, Sampling(0), images=(picture(1),)))
        await stream.aclose()
        assert await reply(engine, "f", "see ", picture(3), "well")


@pytest.mark.anyio
async def test_a_worker_that_sees_conforms_for_texts(tmp_path: Path) -> None:
    path, _ = write_tiny_eyes(tmp_path, "whole")
    async with running(path) as engine:
        for check in CHECKS.values():
            await check(engine)


@pytest.mark.anyio
async def test_a_blind_worker_refuses_pictures(tmp_path: Path) -> None:
    path, _ = write_tiny_eyes(tmp_path, "plain")
    async with running(path, "none") as engine:
        with pytest.raises(InvalidRequestError, match="sees no pictures"):
            await engine.tokenize(prompt("see ", picture(1)))
        assert (await engine.tokenize(prompt("see"))).ids
