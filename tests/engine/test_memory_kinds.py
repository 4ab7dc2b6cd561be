"""The whole engine over tiny models of each kind of memory: what is kept changes no reply."""

import dataclasses
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from senryu.core import CachePoint, CacheUse, Job, Sampling
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.runner import Runner
from tests.engine.tiny_models import KINDS, Kind, write_tiny_model

_random = np.random.default_rng(5)


def random_tokens(count: int) -> tuple[int, ...]:
    return tuple(int(token) for token in _random.integers(0, 256, count))


PREFIX = random_tokens(300)
TAILS = [random_tokens(12) for _ in range(4)]
CONFIG = WorkerConfig(cells=4096, threads=1, max_running=8, step_tokens=128, batch_invariant=True)

Open = Callable[..., "Driven"]


class Driven:
    """A runner in this process, asked one thing after another."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.uses: dict[str, CacheUse] = {}
        self._replies: dict[str, list[int]] = {}
        self._names = map(str, itertools.count())

    def ask(
        self, *prompts: tuple[int, ...], point: int = 0, workspace: str = "a"
    ) -> list[tuple[list[int], CacheUse]]:
        """The replies of prompts sent together, and what the cache did for each."""
        points = (CachePoint(point, 300),) if point else ()
        names = [next(self._names) for _ in prompts]
        for name, prompt in zip(names, prompts, strict=True):
            job = Job(name, prompt, 8, Sampling(0), workspace, cache_points=points)
            assert self.runner.submit(job)
        while self.runner.has_work:
            for item in self.runner.plan():
                assert item.chunk.cache is not None
                self.uses[item.job_id] = item.chunk.cache
            for item in self.runner.compute():
                self._replies.setdefault(item.job_id, []).extend(item.chunk.tokens)
        self.runner.audit()
        return [(self._replies[name], self.uses[name]) for name in names]


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the model of one kind, again and again over one folder of snapshots."""
    kind: Kind = request.param
    monkeypatch.setenv("SENRYU_CACHE_DIR", str(tmp_path))
    path = write_tiny_model(tmp_path, kind)
    quiet_logs()

    def open_one(**changes: object) -> Driven:
        config = dataclasses.replace(CONFIG, **changes)  # pyright: ignore[reportArgumentType]
        return Driven(Runner(load(path, config), config))

    return open_one


def cold_replies(opened: Open) -> list[list[int]]:
    """What a model without any cache says."""
    bare = opened(cache_entries=0)
    return [bare.ask((*PREFIX, *tail))[0][0] for tail in TAILS]


def test_a_marked_prefix_is_read_and_changes_no_reply(opened: Open) -> None:
    expected = cold_replies(opened)
    model = opened()
    for number, tail in enumerate(TAILS):
        ((reply, use),) = model.ask((*PREFIX, *tail), point=len(PREFIX))
        assert reply == expected[number]
        assert use.read == (len(PREFIX) if number else 0)


def test_a_cold_fan_out_computes_the_prefix_once(opened: Open) -> None:
    expected = cold_replies(opened)
    model = opened()
    replies = model.ask(*((*PREFIX, *tail) for tail in TAILS))
    assert [reply for reply, _ in replies] == expected
    assert [use.cached for _, use in replies] == [0] + [len(PREFIX)] * 3
    assert model.runner.status().num_prefilled_tokens == len(PREFIX) + 4 * len(TAILS[0])


def test_a_turn_goes_on_from_the_end_of_the_last_one(opened: Open) -> None:
    model = opened()
    ((reply, _),) = model.ask((*PREFIX, *TAILS[0]))
    history = (*PREFIX, *TAILS[0], *reply)
    expected = opened(cache_entries=0).ask((*history, *TAILS[1]))[0][0]
    ((second, use),) = model.ask((*history, *TAILS[1]))
    assert second == expected
    assert use.cached == len(history) - 1  # the last token was never computed


def test_what_was_saved_to_disk_is_read_by_the_next_process(opened: Open) -> None:
    expected = cold_replies(opened)
    first = opened(disk_bytes=50_000_000)
    first.ask((*PREFIX, *TAILS[0]), point=len(PREFIX))
    first.runner.close(10.0)
    second = opened(disk_bytes=50_000_000)
    ((reply, use),) = second.ask((*PREFIX, *TAILS[1]), point=len(PREFIX))
    assert reply == expected[1]
    assert use.read == len(PREFIX)
    assert second.runner.status().num_loaded_blocks > 0


def test_entries_that_no_id_is_left_for_are_moved_out_and_come_back(opened: Open) -> None:
    model = opened(cache_entries=1)
    expected = opened(cache_entries=0).ask((*PREFIX, *TAILS[0]))[0][0]
    model.ask((*PREFIX, *TAILS[0]), point=len(PREFIX))
    model.ask(random_tokens(200), workspace="b")
    ((reply, use),) = model.ask((*PREFIX, *TAILS[0]), point=len(PREFIX))
    assert reply == expected
    assert use.read == len(PREFIX)
