"""Which rows are computed together."""

from collections.abc import Sequence

import numpy as np
import pytest

from senryu.engine.llama.native_batch import BatchRow, decode_apart
from senryu.engine.llama.sampler import Logits
from senryu.engine.llama.tiling import Tiling
from tests.contract.manifest import requirement


def row(seq: int, num_tokens: int, *, is_picture: bool = False, start: int = 0) -> BatchRow:
    shown = np.zeros((num_tokens, 4), dtype=np.float32) if is_picture else None
    return BatchRow(seq, start, [0] * num_tokens, 0 if is_picture else 1, shown)


def computed(
    rows: Sequence[BatchRow],
    *,
    whole: bool = False,
    tiling: Tiling | None = None,
    spare_cells: int = 0,
) -> list[list[int]]:
    """The sequences of each batch, and what is added if anything is, as a negative number; the
    logits must come back in the rows' order."""
    batches: list[list[int]] = []

    def decode(some: Sequence[BatchRow], added: int) -> Logits:
        batches.append([each.seq for each in some] + ([-added] if added else []))
        seqs = [each.seq for each in some for _ in range(each.outputs)]
        return np.array(seqs, dtype=np.float32).reshape(-1, 1)

    logits = decode_apart(rows, decode, whole=whole, tiling=tiling, spare_cells=spare_cells)
    assert logits[:, 0].tolist() == [each.seq for each in rows for _ in range(each.outputs)]
    return batches


@requirement("engine.apart")
@pytest.mark.parametrize(
    ("lengths", "batches"),
    [
        ([1, 1, 20], [[0, 1, 2]]),
        ([128], [[0]]),
        ([64, 128], [[0, 1]]),
        ([1, 128, 20], [[1], [0, 2]]),
        ([1, 20, 20, 20, 128], [[4], [0, 1, 2, 3]]),
        ([20, 20, 20, 20, 128], [[0, 1, 2, 3, 4]]),
    ],
)
def test_the_tokens_of_replies_are_not_computed_as_a_prompts_are(
    lengths: list[int], batches: list[list[int]]
) -> None:
    assert computed([row(seq, length) for seq, length in enumerate(lengths)]) == batches


@requirement("engine.apart")
def test_the_short_end_of_a_long_prompt_is_filled_up_where_that_pays() -> None:
    rows = [row(0, 1, start=3000), row(1, 30, start=4000), row(2, 1, start=20)]
    pays, costs = Tiling(100.0), Tiling(10_000.0)
    assert computed(rows) == [[0, 1, 2]]
    assert computed(rows, tiling=pays, spare_cells=34) == [[1, -34], [0, 2]]
    assert computed(rows, tiling=pays, spare_cells=33) == [[0, 1, 2]]
    assert computed(rows, tiling=costs, spare_cells=34) == [[0, 1, 2]]
    ends = [row(0, 20, start=4000), row(1, 10, start=20)]
    assert computed(ends, tiling=pays, spare_cells=64) == [[0, -44], [1]]
    long = [row(0, 30, start=4000), row(1, 64)]
    assert computed(long, tiling=pays, spare_cells=64) == [[0, 1]]


@requirement("engine.apart")
def test_a_replys_tokens_are_computed_by_the_same_kernel_with_and_without_drafts() -> None:
    draft = BatchRow(1, 4000, [0] * 30, 30)
    rows = [row(0, 1, start=3000), draft]
    assert computed(rows, tiling=Tiling(1.0), spare_cells=64) == [[0, 1]]


@requirement("engine.apart")
def test_pictures_are_computed_before_the_text_behind_them() -> None:
    rows = [row(0, 1), row(1, 30, is_picture=True), row(2, 128), row(3, 30, is_picture=True)]
    assert computed(rows) == [[1, 3], [2], [0]]
    assert computed(rows, whole=True) == [[1], [3], [2], [0]]
