"""Names of pictures' tokens, and where they may be cut."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.cache import as_tokens
from senryu.engine.llama.pictures import (
    Span,
    extent,
    find_spans,
    picture_tokens,
    position,
    whole_length,
)
from senryu.engine.llama.slots import CopyPrefix, Cut, SaveBlock, Slots
from senryu.engine.llama.speculate import Drafter
from tests.contract.manifest import requirement
from tests.engine.arithmetic import World, expected_reply, job

parts = st.lists(
    st.one_of(
        st.integers(1, 5).map(lambda count: list(range(10, 10 + count))),
        st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 5)).map(
            lambda run: list(picture_tokens(*run))
        ),
    ),
    max_size=6,
)


def test_tokens_are_names_of_the_picture_and_the_place() -> None:
    named = picture_tokens("one", 0, 600)
    assert named == picture_tokens("one", 0, 600)
    assert len(set(named)) == 600
    assert all(-(2**31) <= token < 0 for token in named)
    for other in (picture_tokens("two", 0, 600), picture_tokens("one", 1, 600)):
        assert not set(named) & set(other)


@given(parts)
def test_runs_are_found_where_they_are(parts: list[list[int]]) -> None:
    tokens = as_tokens([token for part in parts for token in part])
    ends = np.cumsum([len(part) for part in parts]).tolist()
    runs = [(end - len(part), end) for part, end in zip(parts, ends, strict=True) if part[0] < 0]
    assert find_spans(tokens) == runs
    for length in range(len(tokens) + 1):
        cut = [start for start, end in runs if start < length < end]
        assert whole_length(tokens, length) == (cut[0] if cut else length)


@pytest.mark.parametrize(
    ("index", "expected"), [(0, 0), (2, 2), (3, 3), (8, 3), (9, 5), (10, 6), (14, 6), (16, 10)]
)
def test_positions_are_fewer_than_tokens_in_two_dimensions(index: int, expected: int) -> None:
    spans = (Span(3, 9, 2), Span(10, 16, 4))
    assert position(spans, index) == expected
    assert extent(spans, index + 1) == expected + 1
    assert position((Span(3, 9, 6), Span(10, 16, 6)), index) == index


@pytest.mark.parametrize("naive", [False, True])
def test_pictures_that_begin_alike_share_nothing_of_themselves(naive: bool) -> None:
    world = World.make(naive=naive)
    words = [1, 2, 3]
    picture = list(picture_tokens("one", 0, 8))
    other = [*picture[:4], *picture_tokens("two", 0, 8)[4:]]  # as if digests were short
    for name, shown in (("a", picture), ("b", other), ("c", picture)):
        asked = job(name, [*words, *shown, 4])
        assert world.ask(asked) == expected_reply(asked)[0]
    assert [world.uses[name].cached for name in "abc"] == [0, 3, 11]
    both = [job(name, [7, 8, 9, *shown, 4]) for name, shown in (("d", picture), ("e", other))]
    for asked in both:
        assert world.submit(asked)
        world.step()
    assert not world.finished.keys() & {"d", "e"}
    world.run()
    assert world.uses["e"].cached == 3
    for asked in both:
        assert world.replies[asked.id] == expected_reply(asked)[0]


@requirement("vision.beside")
def test_a_picture_is_waited_for_and_holds_nobody_up() -> None:
    sight = Sight()
    world = World.make(sight=sight)
    shown = job("a", [1, 2, *picture_tokens("one", 0, 6), 3, *picture_tokens("two", 0, 2), 4])
    assert world.scheduler.submit(shown, spans=[Span(2, 8, 6), Span(9, 11, 2)])
    assert world.submit(job("b", [5, 6, 7]))
    while "b" not in world.finished:
        world.step()
    assert sight.asked == (2, 9)
    assert not world.step().rows
    sight.seen = 2
    while (step := world.step()).rows:
        assert len({token < 0 for token in step.rows[0].tokens}) == 1
    sight.seen = 9
    world.run()
    assert world.replies["a"] == expected_reply(shown)[0]


def test_no_draft_shows_a_picture() -> None:
    words = [1, 2, 3, 4]
    drafter = Drafter([*words, 5, *picture_tokens("one", 0, 4), 6, *words])
    assert drafter.propose(8) == [5]


class Sight:
    """Pictures that begin no later than some place are seen."""

    def __init__(self) -> None:
        self.seen = -1
        self.asked: tuple[int, ...] = ()

    def look(self, job_id: str, starts: Sequence[int]) -> bool:
        assert job_id == "a"
        self.asked = tuple(starts)
        return not starts or starts[0] <= self.seen


def test_the_native_memory_is_told_of_positions() -> None:
    slots = Slots(64, 4)
    first, second = slots.acquire(), slots.acquire()
    slots.show(first, [Span(2, 8, 3), Span(20, 30, 10)])
    slots.grow(first, 12)
    assert slots.extent(first) == 9
    slots.save(first, 2, 10, key="k", namespace="n", expires=0)
    slots.share(first, second, 9)
    assert slots.extent(second) == 6
    slots.cut(second, 2)
    slots.cut(first, 8)
    assert slots.take_journal() == (
        SaveBlock(first, 2, 7, "k", "n", 0),
        CopyPrefix(first, second, 6),
        Cut(second, 2),
        Cut(first, 3),
    )
    slots.release(first)
    slots.audit()


def test_an_empty_sequence_extends_nowhere() -> None:
    assert extent((Span(0, 4, 2),), 0) == 0
