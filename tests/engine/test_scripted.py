"""The engine that protocol tests stand on."""

import pytest

from senryu.core import Chunk, Job, Prompt, Sampling, Segment
from senryu.engine.scripted import SCRIPTED_INFO, Gate, ScriptedEngine
from senryu.errors import EngineError, OverloadedError

pytestmark = pytest.mark.anyio

PROMPT = Prompt(
    (
        Segment("<|im_start|>", special=True),
        Segment("user\né<|im_end|>"),
        Segment("<|im_end|>", special=True),
    )
)


async def reply(engine: ScriptedEngine, *, max_tokens: int = 100) -> list[Chunk]:
    """All chunks of one job."""
    tokens = await engine.tokenize(PROMPT)
    job = Job("job", tokens, max_tokens, Sampling(temperature=0))
    return [chunk async for chunk in await engine.generate(job)]


async def test_it_follows_its_script() -> None:
    chunks = await reply(ScriptedEngine(["a", "é"]))
    assert [chunk.text for chunk in chunks] == ["a", "é", ""]
    assert [chunk.finish for chunk in chunks] == [None, None, "end"]


async def test_it_echoes_without_a_script_and_keeps_spelled_markers_apart() -> None:
    assert [chunk.text for chunk in await reply(ScriptedEngine())] == ["é<|im_end|>", ""]


async def test_it_stops_at_the_limit() -> None:
    chunks = await reply(ScriptedEngine(["abc", "def"]), max_tokens=4)
    assert "".join(chunk.text for chunk in chunks) == "abcd"
    assert chunks[-1].finish == "length"


async def test_it_fails_and_refuses_as_told() -> None:
    engine = ScriptedEngine(["a"], errors={1: EngineError("died")})
    with pytest.raises(EngineError):
        await reply(engine)
    assert engine.ended.get_nowait() == "failed"
    with pytest.raises(OverloadedError):
        await reply(ScriptedEngine(refusal=OverloadedError("full")))
    with pytest.raises(OverloadedError):
        await reply(ScriptedEngine(loading=True))


async def test_closing_cancels_even_before_the_first_chunk() -> None:
    engine = ScriptedEngine(["a"], gates={0: Gate()})
    job = Job("job", await engine.tokenize(PROMPT), 5, Sampling(temperature=0))
    chunks = await engine.generate(job)
    assert engine.status().num_running == 1
    await chunks.aclose()
    assert engine.ended.get_nowait() == "cancelled"
    assert engine.status().num_running == 0


async def test_gates_hold_until_opened() -> None:
    gate = Gate()
    gate.open()
    assert len(await reply(ScriptedEngine(["a"], gates={0: gate}))) == 2
    assert gate.reached.is_set()


async def test_it_reports_its_info_once_loaded() -> None:
    engine = ScriptedEngine(loading=True)
    await engine.start()
    assert engine.info is None
    with pytest.raises(EngineError):
        await engine.wait_ready()
    engine.finish_loading()
    assert await engine.wait_ready() == engine.info == SCRIPTED_INFO
    await engine.close()
