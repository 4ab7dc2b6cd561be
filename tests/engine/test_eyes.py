"""Pictures looked at beside the steps: once each, a few kept, and told when they are there."""

import queue
from collections.abc import Callable

import numpy as np
import pytest

from senryu.core import Image, Job, Sampling
from senryu.engine.llama.binding import NativeError
from senryu.engine.llama.eyes import Eyes
from senryu.engine.llama.pictures import SightError, Span
from senryu.engine.llama.vision_binding import Embeddings, PictureRun, Run

ROWS = 4
ONE, TWO, THREE = (Image.of(name.encode(), 8, 8) for name in ("one", "two", "three"))
BROKEN = Image.of(b"broken", 8, 8)


class Encoder:
    """Pictures of two runs with a marker between; a wide one has one run of its width."""

    is_whole = True

    def __init__(self) -> None:
        self.encoded: list[Image] = []

    def layout(self, width: int, height: int) -> tuple[Run, ...]:
        if height == 0:
            raise NativeError("no such size")
        if width > 8:
            return (PictureRun(width, width, None),)
        run = PictureRun(ROWS, ROWS, None)
        return (run, (7,), run)

    def encode(self, image: Image) -> list[Embeddings]:
        if image == BROKEN:
            raise NativeError("no picture")
        self.encoded.append(image)
        value = float(len(self.encoded))
        return [np.full((ROWS, 2), value + part, dtype=np.float32) for part in (0.0, 0.5)]


class World:
    """Eyes with their encoder, and the times that they woke somebody."""

    def __init__(self, kept_bytes: int = 1 << 20, max_run: int = 0) -> None:
        self.encoder = Encoder()
        self.woken: queue.SimpleQueue[None] = queue.SimpleQueue()
        wake: Callable[[], None] = lambda: self.woken.put(None)  # noqa: E731
        self.eyes = Eyes(self.encoder, wake=wake, max_run=max_run, kept_bytes=kept_bytes)

    def open(self, name: str, *images: Image) -> list[int]:
        """A job that shows pictures, and where their runs begin."""
        tokens = [token for image in images for token in (1, *self.eyes.tokens(image))]
        return [span.start for span in self.eyes.open(job(name, tokens, *images))]

    def see(self, name: str, start: int) -> float:
        """A value of the rows of a run, waiting for it."""
        while not self.eyes.look(name, [start]):
            self.woken.get(timeout=30)
        return float(self.eyes.rows(name, start)[0][0, 0])


def job(name: str, tokens: list[int], *images: Image) -> Job:
    return Job(name, tuple(tokens), 1, Sampling(0), images=images)


def test_runs_are_told_apart_and_markers_are_no_part_of_them() -> None:
    world = World()
    tokens = world.eyes.tokens(ONE)
    assert len(set(tokens)) == 2 * ROWS + 1
    assert tokens[ROWS] == 7
    spans = world.eyes.open(job("a", [1, *tokens, 2], ONE))
    assert spans == (Span(1, 5, ROWS), Span(6, 10, ROWS))
    assert world.eyes.open(job("b", [1, 2, 3])) == ()


def test_a_picture_is_looked_at_once_however_many_show_it() -> None:
    world = World()
    first = world.open("a", ONE, ONE)
    second = world.open("b", ONE)
    assert [world.see("a", start) for start in first] == [1.0, 1.5, 1.0, 1.5]
    assert [world.see("b", start) for start in second] == [1.0, 1.5]
    assert world.encoder.encoded == [ONE]


def test_the_pictures_used_last_are_kept() -> None:
    of_one = 2 * ROWS * 2 * 4
    world = World(kept_bytes=2 * of_one)
    for name, image in (("a", ONE), ("b", TWO), ("c", ONE), ("d", THREE), ("e", ONE), ("f", TWO)):
        world.see(name, world.open(name, image)[0])
        world.eyes.close(name)
    assert world.encoder.encoded == [ONE, TWO, THREE, TWO]


def test_what_a_job_needs_next_stays_its_own() -> None:
    world = World(kept_bytes=1)
    start = world.open("a", ONE)[0]
    assert world.see("a", start) == 1.0
    other = world.open("b", TWO)[0]
    assert world.see("b", other) == 2.0
    assert world.eyes.look("a", [start])
    assert float(world.eyes.rows("a", start)[0][0, 0]) == 1.0
    assert world.eyes.look("a", [])
    assert not world.eyes.look("a", [start])


def test_a_picture_that_is_lost_is_told_to_those_who_show_it() -> None:
    world = World()
    for name, image in (("a", BROKEN), ("b", ONE)):
        assert not world.eyes.look(name, world.open(name, image)[:1])
    world.woken.get(timeout=30)
    world.woken.get(timeout=30)
    assert world.eyes.take_failures() == [("a", "no picture")]
    assert world.eyes.take_failures() == []


def test_pictures_and_tokens_must_belong_together() -> None:
    world = World()
    tokens = list(world.eyes.tokens(ONE))
    with pytest.raises(SightError, match="does not have"):
        world.eyes.open(job("a", tokens, TWO))
    with pytest.raises(SightError, match="does not have"):
        world.eyes.open(job("a", tokens[1:], ONE))


def test_pictures_of_impossible_sizes_are_refused() -> None:
    world = World(max_run=16)
    assert len(world.eyes.tokens(Image.of(b"", 16, 8))) == 16
    with pytest.raises(SightError, match="17 tokens is more"):
        world.eyes.tokens(Image.of(b"", 17, 8))
    with pytest.raises(SightError, match="no such size"):
        world.eyes.tokens(Image.of(b"", 8, 0))
