"""When a batch is filled up for the tiled kernel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.binding import Context, Model
from senryu.engine.llama.context_options import ContextOptions
from senryu.engine.llama.embedded import prepare
from senryu.engine.llama.native_batch import BatchRow
from senryu.engine.llama.sampler import Logits
from senryu.engine.llama.tiling import MANY_TOKENS, Tiling

tilings = st.builds(Tiling, st.floats(1.0, 10_000.0))
depths = st.integers(0, 200_000)
lengths = st.integers(1, 100)


@given(tilings, st.lists(st.tuples(depths, lengths), min_size=1, max_size=20))
def test_a_batch_is_filled_up_or_left_alone(tiling: Tiling, runs: list[tuple[int, int]]) -> None:
    count = sum(length for _, length in runs)
    assert tiling.padding(runs) in (0, max(0, MANY_TOKENS - count))


@given(tilings, depths, depths, lengths)
def test_what_pays_behind_a_prefix_pays_behind_a_longer_one(
    tiling: Tiling, start: int, more: int, length: int
) -> None:
    if tiling.padding([(start, length)]):
        assert tiling.padding([(start + more, length)])


@given(tilings, lengths)
def test_nothing_is_added_where_there_is_nothing_to_attend_to(tiling: Tiling, length: int) -> None:
    assert tiling.padding([(0, length)]) == 0


@given(tilings, st.integers(1, 8), depths)
def test_a_few_tokens_are_never_filled_up(tiling: Tiling, length: int, start: int) -> None:
    assert tiling.padding([(start, length)]) == 0


def test_sequences_with_prefixes_of_their_own_do_not_share_tiles() -> None:
    assert Tiling(100.0).padding([(4000, 32)]) == 32
    assert Tiling(100.0).padding([(4000, 2)] * 16) == 0


def test_the_larger_a_model_beside_its_attention_the_longer_a_prefix_must_be() -> None:
    small = Tiling.of(134_515_008, num_layers=30, width=576)
    large = Tiling.of(8_030_261_248, num_layers=32, width=4096)
    assert small.padding([(1024, 32)]) == 32
    assert large.padding([(1024, 32)]) == 0
    assert large.padding([(4096, 32)]) == 32


@pytest.mark.parametrize("batch_invariant", [False, True])
def test_the_tokens_that_fill_a_batch_up_change_nothing_and_leave_no_cell_taken(
    *, batch_invariant: bool
) -> None:
    model = Model(prepare())
    text = "The sea was calm that morning, and the fishermen pushed their boats out early. "
    tokens = model.tokenize(text * 60, special=False)
    context = Context(
        model,
        ContextOptions(
            num_cells=768,
            num_seqs=2,
            max_tokens=512,
            max_outputs=1,
            micro_batch=512,
            threads=2,
            batch_invariant=batch_invariant,
        ),
    )
    context.decode([BatchRow(0, 0, tokens[:512], 0)])

    def logits(*beside: BatchRow, spare_cells: int = 0) -> Logits:
        rows = [BatchRow(0, 512, tokens[512:552], 1), *beside]
        computed = context.decode(rows, spare_cells=spare_cells).copy()
        context.cut(0, 512)
        context.clear(1)
        return computed

    alone = logits()
    beside = logits(BatchRow(1, 0, [0] * 24, 0))  # 64 tokens with these
    for spare_cells in (24, 216):
        assert np.array_equal(logits(spare_cells=spare_cells), beside)
    assert np.array_equal(logits(spare_cells=23), alone)
    assert alone.argmax() == beside.argmax()
    assert np.array_equal(alone, beside) or not batch_invariant
    context.decode([BatchRow(0, 512, tokens[512:768], 1)])  # into all cells that are left
    context.close()
    model.close()
