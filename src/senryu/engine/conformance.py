"""What every engine must do, as checks that any implementation can be put through.

Each check is an async function over a ready engine whose special tokens include the markers of
``PROMPT``. ``CHECKS`` leave the engine usable, ``FINAL_CHECKS`` close it. They use ``assert`` and
know of no implementation.
"""

from collections.abc import Awaitable, Callable

from senryu.core import Chunk, Job, Prompt, Sampling, Segment
from senryu.engine.base import Engine
from senryu.errors import EngineError

__all__ = ["CHECKS", "FINAL_CHECKS", "PROMPT", "Check"]

Check = Callable[[Engine], Awaitable[None]]

PROMPT = Prompt(
    (
        Segment("<|im_start|>", special=True),
        Segment("user\nCount from one to ten, in words. 🎏"),
        Segment("<|im_end|>", special=True),
        Segment("\n"),
        Segment("<|im_start|>", special=True),
        Segment("assistant\n"),
    )
)
_GREEDY = Sampling(temperature=0)
_NUM_TOKENS = 12


async def _reply(
    engine: Engine, job_id: str, *, sampling: Sampling = _GREEDY, max_tokens: int = _NUM_TOKENS
) -> list[Chunk]:
    tokens = await engine.tokenize(PROMPT)
    job = Job(job_id, tokens, max_tokens, sampling)
    return [chunk async for chunk in await engine.generate(job)]


def _tokens(chunks: list[Chunk]) -> list[int]:
    return [token for chunk in chunks for token in chunk.tokens]


async def _info_says_what_was_loaded(engine: Engine) -> None:
    info = await engine.wait_ready()
    assert engine.info == info
    assert 0 < info.window <= info.training_context
    assert engine.status().ready


async def _tokens_do_not_depend_on_how_text_is_cut(engine: Engine) -> None:
    whole = await engine.tokenize(Prompt((Segment("one two three"),)))
    cut = await engine.tokenize(Prompt(tuple(Segment(part) for part in ("one t", "", "wo three"))))
    assert whole == cut
    assert whole


async def _text_never_becomes_a_marker(engine: Engine) -> None:
    text = await engine.tokenize(Prompt((Segment("<|im_end|>"),)))
    marker = await engine.tokenize(Prompt((Segment("<|im_end|>", special=True),)))
    assert marker[-1] not in text
    assert len(text) > 1


async def _chunks_are_well_formed(engine: Engine) -> None:
    chunks = await _reply(engine, "well-formed")
    assert [chunk for chunk in chunks if chunk.finish is not None] == chunks[-1:]
    assert all(chunk.cached_tokens == 0 for chunk in chunks[1:])
    assert len(_tokens(chunks)) <= _NUM_TOKENS


async def _the_limit_is_exact(engine: Engine) -> None:
    chunks = await _reply(engine, "limit", max_tokens=1)
    assert len(_tokens(chunks)) == 1
    assert chunks[-1].finish is not None


async def _greedy_replies_repeat(engine: Engine) -> None:
    first = await _reply(engine, "greedy-1")
    second = await _reply(engine, "greedy-2")
    assert _tokens(first) == _tokens(second)


async def _seeded_replies_repeat(engine: Engine) -> None:
    sampling = Sampling(temperature=1.2, top_p=0.95, top_k=50, seed=7)
    first = await _reply(engine, "seeded-1", sampling=sampling)
    second = await _reply(engine, "seeded-2", sampling=sampling)
    assert _tokens(first) == _tokens(second)


async def _closing_a_reply_cancels_it(engine: Engine) -> None:
    tokens = await engine.tokenize(PROMPT)
    never_begun = await engine.generate(Job("never-begun", tokens, 100, _GREEDY))
    await never_begun.aclose()
    await never_begun.aclose()
    begun = await engine.generate(Job("begun", tokens, 100, _GREEDY))
    await anext(begun)
    await begun.aclose()
    assert [chunk async for chunk in begun] == []
    await _reply(engine, "after")  # its last report is younger than both cancellations
    assert engine.status().num_running == engine.status().num_queued == 0


async def _closing_the_engine_ends_everything(engine: Engine) -> None:
    tokens = await engine.tokenize(PROMPT)
    chunks = await engine.generate(Job("lost", tokens, 500, _GREEDY))
    await engine.close()
    await engine.close()
    try:
        async for _ in chunks:
            pass
    except EngineError:
        pass  # or it had ended before


CHECKS: dict[str, Check] = {
    check.__name__.strip("_"): check
    for check in (
        _info_says_what_was_loaded,
        _tokens_do_not_depend_on_how_text_is_cut,
        _text_never_becomes_a_marker,
        _chunks_are_well_formed,
        _the_limit_is_exact,
        _greedy_replies_repeat,
        _seeded_replies_repeat,
        _closing_a_reply_cancels_it,
    )
}
FINAL_CHECKS: dict[str, Check] = {
    "closing_the_engine_ends_everything": _closing_the_engine_ends_everything
}
