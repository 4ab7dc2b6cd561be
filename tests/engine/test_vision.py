"""Models that see, over tiny projectors of each kind: what is computed, and what is kept of it."""

import dataclasses
import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from senryu.core import CachePoint, CacheUse, Image, Job, Prompt, Sampling, Segment
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.binding import Context, Model
from senryu.engine.llama.context_options import ContextOptions
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_batch import BatchRow
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.runner import Runner
from senryu.engine.llama.vision_binding import PictureRun, Projector
from tests.contract.manifest import requirement
from tests.engine.tiny_vision import EyesKind, picture, write_tiny_eyes
from tests.engine.vision_reference import logits_of, pixels_of, read_weights, rows_of

KINDS: tuple[EyesKind, ...] = ("plain", "whole", "bent", "sliced")
# At these sizes the tiny projectors neither scale a picture nor pad it.
SIZES = {"plain": (32, 32), "whole": (32, 32), "bent": (64, 48), "sliced": (64, 64)}
NUM_ROWS = {"plain": 16, "whole": 4, "bent": 12, "sliced": 20}
CONFIG = WorkerConfig(cells=2048, threads=1, max_running=8, step_tokens=64, batch_invariant=True)
# So hot that a reply shows small differences of many logits, and not of the largest one alone.
SAMPLING = Sampling(temperature=3, seed=1)

Part = str | Image


class Driven:
    """A runner in this process that sees, asked one thing after another."""

    def __init__(self, path: Path, config: WorkerConfig) -> None:
        self._woken = threading.Event()
        self.runner = Runner(load(path, config), config, self._woken.set)
        self.replies: dict[str, list[int]] = {}
        self.uses: dict[str, CacheUse] = {}
        self.errors: dict[str, str] = {}
        self.sampling = SAMPLING
        self.num_waits = 0
        self.picture_rows: list[int] = []
        self._names = map(str, itertools.count())

    def prompt(self, parts: Sequence[Part]) -> tuple[int, ...]:
        """Texts and pictures as tokens."""
        segments = (
            Segment(part) if isinstance(part, str) else Segment("", image=part.without_data())
            for part in parts
        )
        return self.runner.tokenize(Prompt(tuple(segments))).ids

    def submit(self, *parts: Part, point: bool = False, max_tokens: int = 6) -> str:
        """Send a prompt; with ``point`` it is kept up to its last part."""
        name = next(self._names)
        images = tuple(part for part in parts if isinstance(part, Image))
        points = (CachePoint(len(self.prompt(parts[:-1])), 300),) if point else ()
        tokens = self.prompt(parts)
        job = Job(name, tokens, max_tokens, self.sampling, cache_points=points, images=images)
        assert self.runner.submit(job)
        return name

    def step(self) -> None:
        """Plan and compute one step, waiting for a picture where nothing else can be done."""
        self._woken.clear()
        for item in self.runner.plan():
            if item.error:
                self.errors[item.job_id] = item.error
            elif item.chunk.cache is not None:
                self.uses[item.job_id] = item.chunk.cache
        if not self.runner.last_step.rows and self.runner.has_work:
            self.num_waits += 1
            assert self._woken.wait(timeout=30)
        rows = self.runner.last_step.rows
        self.picture_rows += [row.count for row in rows if row.tokens[0] < 0]
        for item in self.runner.compute():
            self.replies.setdefault(item.job_id, []).extend(item.chunk.tokens)

    def run(self) -> None:
        """Go on until nothing is left to do, and prove the accounts."""
        while self.runner.has_work:
            self.step()
        self.runner.audit()

    def ask(
        self, *parts: Part, point: bool = False, max_tokens: int = 6
    ) -> tuple[list[int], CacheUse]:
        """A prompt's reply, and what the cache did for it."""
        name = self.submit(*parts, point=point, max_tokens=max_tokens)
        self.run()
        return self.replies[name], self.uses[name]

    @property
    def num_prefilled(self) -> int:
        """Prompt tokens computed so far."""
        return self.runner.status().num_prefilled_tokens


Open = Callable[..., Driven]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> EyesKind:
    """A kind of projector."""
    return request.param


@pytest.fixture
def opened(kind: EyesKind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the model of a kind, again and again over one folder of snapshots."""
    monkeypatch.setenv("SENRYU_CACHE_DIR", str(tmp_path))
    path, _ = write_tiny_eyes(tmp_path, kind)
    quiet_logs()

    def open_one(**changes: object) -> Driven:
        return Driven(path, dataclasses.replace(CONFIG, **changes))  # pyright: ignore[reportArgumentType]

    return open_one


def shown(kind: EyesKind, seed: int) -> Image:
    return picture(seed, *SIZES[kind])


@requirement("vision.arithmetic")
def test_rows_are_those_of_the_arithmetic(tmp_path: Path) -> None:
    path, file = write_tiny_eyes(tmp_path, "plain")
    model = Model(path)
    projector = Projector(file, model, threads=1)
    (rows,) = projector.encode(picture(1))
    expected = rows_of(read_weights(file), pixels_of(1))
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(rows, expected, atol=0.005)
    projector.close()
    model.close()


@requirement("vision.arithmetic")
@pytest.mark.parametrize("kind", ["plain", "whole", "bent"])
def test_logits_are_those_of_the_arithmetic(tmp_path: Path, kind: EyesKind) -> None:
    path, file = write_tiny_eyes(tmp_path, kind)
    model = Model(path)
    projector = Projector(file, model, threads=1)
    context = Context(
        model,
        ContextOptions(
            num_cells=256,
            num_seqs=2,
            max_tokens=64,
            max_outputs=2,
            micro_batch=64,
            threads=1,
            batch_invariant=False,
            flash_attention=False,
            pictures=True,
            whole_pictures=projector.is_whole,
        ),
    )
    (rows,) = projector.encode(shown(kind, 1))
    runs = [run for run in projector.layout(*SIZES[kind]) if isinstance(run, PictureRun)]
    before, behind, names = [1, 2, 3], [7, 8, 9], [-1] * len(rows)
    after = len(before) + runs[0].num_positions
    context.decode([BatchRow(1, 0, before, 0)])
    context.decode([BatchRow(1, len(before), names, 0, rows, runs[0].positions)])
    logits = context.decode([BatchRow(1, after, behind, 1)])[0]

    weights = read_weights(path)
    words = weights["token_embd.weight"]
    spans = [(len(before), len(before) + len(rows))] if projector.is_whole else []
    expected = logits_of(
        weights,
        np.vstack([words[before], rows.astype(np.float64), words[behind]]),
        _positions(runs[0], len(before), len(behind)),
        spans,
    )
    assert np.abs(expected).max() > 3
    np.testing.assert_allclose(logits, expected, atol=0.01)
    context.close()
    projector.close()
    model.close()


def _positions(run: PictureRun, before: int, behind: int) -> np.ndarray:
    if run.positions is None:
        return np.arange(before + run.num_tokens + behind)[None]
    after = before + run.num_positions
    words = [
        np.tile(part, (3, 1)) for part in (np.arange(before), np.arange(after, after + behind))
    ]
    return np.hstack([words[0], run.positions[:3] + before, words[1]])


@requirement("vision.tokens")
def test_a_picture_is_counted_as_what_is_computed(opened: Open, kind: EyesKind) -> None:
    model = opened()
    tokens = model.prompt(["look at ", shown(kind, 1), "the"])
    assert sum(token < 0 for token in tokens) == NUM_ROWS[kind]
    model.ask("look at ", shown(kind, 1), "the")
    assert model.num_prefilled == len(tokens)


def test_the_reply_depends_on_the_picture_and_on_nothing_else(opened: Open, kind: EyesKind) -> None:
    replies = {
        seed: [
            opened(step_tokens=tokens, prefill_chunk=tokens, cache_entries=0).ask(
                "look at ", shown(kind, seed), "the end"
            )[0]
            for tokens in (64, 3)
        ]
        for seed in (1, 2)
    }
    assert replies[1][0] == replies[1][1]
    assert replies[2][0] == replies[2][1]
    assert replies[1][0] != replies[2][0]


def test_a_picture_is_cut_into_steps_where_its_tokens_only_look_back(
    opened: Open, kind: EyesKind
) -> None:
    model = opened(step_tokens=3, prefill_chunk=3)
    model.ask("look at ", shown(kind, 1), "the end")
    assert sum(model.picture_rows) == NUM_ROWS[kind]
    assert model.picture_rows == [4] if kind == "whole" else max(model.picture_rows) == 3


@requirement("vision.cache")
def test_a_picture_seen_again_is_found_in_the_cache_and_another_is_not(
    opened: Open, kind: EyesKind
) -> None:
    expected = [
        opened(cache_entries=0).ask("look at ", shown(kind, seed), "the end")[0] for seed in (1, 2)
    ]
    model = opened()
    before = len(model.prompt(["look at ", shown(kind, 1)])) - NUM_ROWS[kind]
    first, _ = model.ask("look at ", shown(kind, 1), "the end")
    again, found = model.ask("look at ", shown(kind, 1), "the end")
    other, missed = model.ask("look at ", shown(kind, 2), "the end")
    assert [first, other] == expected
    assert again == first
    assert found.cached == len(model.prompt(["look at ", shown(kind, 1), "the end"])) - 1
    assert 0 < missed.cached <= before


def test_pictures_and_texts_take_turns(opened: Open, kind: EyesKind) -> None:
    one, two, three = (shown(kind, seed) for seed in (1, 2, 3))
    parts: list[Part] = ["a", one, two, "in the middle ", three, "the", one, "?"]
    expected = opened(cache_entries=0).ask(*parts)[0]
    model = opened()
    assert model.ask(*parts)[0] == expected
    longer = [*parts, two, "and on"]
    reply, use = model.ask(*longer)
    assert use.cached >= len(model.prompt(parts)) - 1
    assert reply == opened(cache_entries=0).ask(*longer)[0]
    assert model.ask("a", two, one, "?")[1].cached < len(model.prompt(["a", two]))


def test_jobs_that_begin_alike_compute_their_picture_once(opened: Open, kind: EyesKind) -> None:
    begin: list[Part] = ["the in the in " * 8, shown(kind, 1), "the in the in the in"]
    expected = [opened(cache_entries=0).ask(*begin, tail)[0] for tail in "xyz"]
    model = opened()
    names = [model.submit(*begin, tail) for tail in "xyz"]
    model.run()
    assert [model.replies[name] for name in names] == expected
    assert model.num_prefilled == len(model.prompt(begin)) + 3


@requirement("vision.beside")
def test_texts_beside_it_go_on_as_if_alone(opened: Open, kind: EyesKind) -> None:
    texts = ["the quick brown fox", "in the beginning"]
    expected = [opened(cache_entries=0).ask(text)[0] for text in texts]
    seen = opened(cache_entries=0).ask("see ", shown(kind, 4), " well")[0]
    model = opened()
    names = [model.submit(text) for text in texts]
    model.step()
    names.append(model.submit("see ", shown(kind, 4), " well"))
    model.run()
    assert [model.replies[name] for name in names] == [*expected, seen]


def test_a_prompt_may_end_with_a_picture(opened: Open, kind: EyesKind) -> None:
    model = opened()
    reply, _ = model.ask("see ", shown(kind, 1))
    again, use = model.ask("see ", shown(kind, 1))
    assert again == reply
    tokens = model.prompt(["see ", shown(kind, 1)])
    ends_in_rows = tokens[-1] < 0
    assert use.cached == len(tokens) - (NUM_ROWS[kind] if ends_in_rows else 1)


@requirement("vision.cache")
def test_what_was_saved_to_disk_is_read_by_the_next_process(opened: Open, kind: EyesKind) -> None:
    before = next(i for i, token in enumerate(opened().prompt([shown(kind, 1)])) if token < 0)
    text = "x" * (126 - before)  # a block would end in the picture
    parts: list[Part] = [text, shown(kind, 1), "the in " * 60, shown(kind, 2), "so"]
    expected = opened(cache_entries=0).ask(*parts)[0]
    first = opened(disk_bytes=1 << 30)
    assert first.ask(*parts, point=True)[0] == expected
    first.runner.close(timeout_s=10)
    second = opened(disk_bytes=1 << 30)
    kept = len(second.prompt(parts[:-1]))
    reply, use = second.ask(*parts, point=True)
    assert reply == expected
    assert use.read == kept
    assert second.num_waits == 0  # nothing had to be looked at again


def test_a_job_that_makes_room_goes_on_with_its_picture(opened: Open, kind: EyesKind) -> None:
    prompts: list[list[Part]] = [["q" * 240], ["w" * 200, shown(kind, 1), "w" * 20]]
    bare, model = opened(cache_entries=0), opened(cells=512)
    bare.sampling = model.sampling = Sampling(0)  # none of these replies ends early
    expected = [bare.ask(*prompt, max_tokens=60)[0] for prompt in prompts]
    names = [model.submit(*prompt, max_tokens=60) for prompt in prompts]
    model.run()
    assert [model.replies[name] for name in names] == expected
    assert model.runner.status().num_preemptions > 0


def test_a_job_can_go_while_its_picture_is_looked_at(opened: Open, kind: EyesKind) -> None:
    model = opened()
    name = model.submit(shown(kind, 1), "x")
    model.runner.plan()
    model.runner.cancel(name)
    model.run()
    assert model.ask("see ", shown(kind, 1))[0]


def test_a_picture_that_is_none_costs_its_own_job_only(opened: Open, kind: EyesKind) -> None:
    model = opened()
    width, height = SIZES[kind]
    broken = Image.of(b"no picture", width, height)
    lying = dataclasses.replace(shown(kind, 1), height=height + 16, digest="0" * 64)
    lost = [model.submit("see ", image, "x") for image in (broken, lying)]
    kept = model.submit("the quick brown fox")
    model.run()
    assert set(model.errors) == set(lost)
    assert "cannot be read" in model.errors[lost[0]]
    assert "another size" in model.errors[lost[1]]
    assert model.replies[kept]
