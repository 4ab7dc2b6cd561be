"""Which rows are computed together."""

from collections.abc import Sequence

import numpy as np
import pytest

from senryu.engine.llama.native_batch import BatchRow, decode_apart
from senryu.engine.llama.sampler import Logits
from tests.contract.manifest import requirement


def row(seq: int, num_tokens: int, *, is_picture: bool = False) -> BatchRow:
    shown = np.zeros((num_tokens, 4), dtype=np.float32) if is_picture else None
    return BatchRow(seq, 0, [0] * num_tokens, 0 if is_picture else 1, shown)


def computed(rows: Sequence[BatchRow], *, whole: bool = False) -> list[list[int]]:
    """The sequences of each batch; the logits must come back in the rows' order."""
    batches: list[list[int]] = []

    def decode(some: Sequence[BatchRow]) -> Logits:
        batches.append([each.seq for each in some])
        seqs = [each.seq for each in some for _ in range(each.outputs)]
        return np.array(seqs, dtype=np.float32).reshape(-1, 1)

    logits = decode_apart(rows, decode, whole=whole)
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
def test_pictures_are_computed_before_the_text_behind_them() -> None:
    rows = [row(0, 1), row(1, 30, is_picture=True), row(2, 128), row(3, 30, is_picture=True)]
    assert computed(rows) == [[1, 3], [2], [0]]
    assert computed(rows, whole=True) == [[1], [3], [2], [0]]
