"""What the native memory must keep: shared, saved and cut prefixes act like computed ones.

Each test compares with a cold prefill in a context of its own. How near the logits must be:

- Attention adds a sequence's cells up in the order in which they lie, and matrix products of one
  token and of many are computed by different kernels, so sums are rounded differently. With the
  contexts that are batch-invariant that has been seen to move a logit of these models by 0.002.
- The other contexts round half-precision sums as well, which has been seen to move them by 0.05.

Logits of these models spread by 2 around their mean, and one wrong token of the prefix moves some
logit by more than either, whichever it is.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.binding import Context, Model, NativeError
from senryu.engine.llama.context_options import ContextOptions, KvType
from senryu.engine.llama.embedded import prepare
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_batch import BatchRow
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.sampler import Logits
from tests.engine.tiny_models import KINDS, WINDOW, Kind, write_tiny_model

NOISE = {True: 0.01, False: 0.1}  # by batch_invariant; see above
CUTTABLE: tuple[Kind, ...] = ("plain", "window")
WHOLE: tuple[Kind, ...] = ("recurrent", "hybrid")
NUM_CELLS = 1024

_rng = np.random.default_rng(0)


def random_tokens(count: int) -> list[int]:
    return [int(token) for token in _rng.integers(0, 256, count)]


PREFIX = random_tokens(300)
REST = random_tokens(20)
OTHERS = [random_tokens(150) for _ in range(4)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Kind, Model]]:
    quiet_logs()
    folder = tmp_path_factory.mktemp("tiny")
    models: dict[Kind, Model] = {kind: Model(write_tiny_model(folder, kind)) for kind in KINDS}
    yield models
    for model in models.values():
        model.close()


def new_context(
    model: Model,
    *,
    invariant: bool = True,
    flash_attention: bool = True,
    kv_type: KvType = "f16",
    num_cells: int = NUM_CELLS,
) -> Context:
    options = ContextOptions(
        num_cells=num_cells,
        num_seqs=6,
        max_tokens=400,
        max_outputs=32,
        micro_batch=256,
        threads=1,  # models this small gain nothing from more
        batch_invariant=invariant,
        flash_attention=flash_attention,
        kv_type=kv_type,
    )
    return Context(model, options)


def prefill(context: Context, seq: int, tokens: Sequence[int], start: int = 0) -> None:
    context.decode([BatchRow(seq, start, tokens, 0)])


def follow(context: Context, seq: int, tokens: Sequence[int] = REST) -> Logits:
    """The logits after each of the tokens, computed one by one."""
    start = context.covered(seq)
    rows = [BatchRow(seq, start + index, [token], 1) for index, token in enumerate(tokens)]
    return np.concatenate([context.decode([row]).copy() for row in rows])


def cold(
    model: Model, prefix: Sequence[int], rest: Sequence[int] = REST, *, invariant: bool = True
) -> Logits:
    """The logits of ``rest`` after ``prefix`` in a context that has seen nothing else."""
    context = new_context(model, invariant=invariant)
    prefill(context, 0, prefix)
    logits = follow(context, 0, rest)
    context.close()
    return logits


def leave_holes(context: Context) -> None:
    """Let sequence 5 hold cells with free ones between and before them."""
    prefill(context, 4, OTHERS[0])
    prefill(context, 5, OTHERS[1][:70])
    context.clear(4)
    prefill(context, 4, OTHERS[2][:20])
    prefill(context, 5, OTHERS[1][70:100], 70)
    context.clear(4)


def save_blocks(context: Context, seq: int, size: int) -> list[bytes]:
    end = context.covered(seq)
    return [context.save(seq, at, min(at + size, end)) for at in range(0, end, size)]


def difference(first: Logits, second: Logits) -> float:
    return float(np.abs(first - second).max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("index", [0, 100, 200, len(PREFIX) - 1])
def test_every_token_of_the_prefix_counts_more_than_noise(
    models: Mapping[Kind, Model], kind: Kind, index: int
) -> None:
    other = [*PREFIX]
    other[index] = (other[index] + 1) % 256
    assert difference(cold(models[kind], other), cold(models[kind], PREFIX)) > NOISE[False]


@pytest.mark.parametrize("invariant", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_shared_prefix_outlives_its_source(
    models: Mapping[Kind, Model], kind: Kind, invariant: bool
) -> None:
    context = new_context(models[kind], invariant=invariant)
    leave_holes(context)
    prefill(context, 0, PREFIX)
    context.copy_prefix(0, 1, len(PREFIX))
    follow(context, 0, OTHERS[3][:100])  # the source goes on
    context.copy_prefix(1, 2, len(PREFIX))  # and a copy is copied
    context.clear(0)
    prefill(context, 3, OTHERS[2])  # and its cells are taken
    expected = cold(models[kind], PREFIX, invariant=invariant)
    assert difference(follow(context, 1), expected) < NOISE[invariant]
    assert difference(follow(context, 2), expected) < NOISE[invariant]
    context.close()


@pytest.mark.parametrize("invariant", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_the_source_of_a_copy_goes_on_as_if_alone(
    models: Mapping[Kind, Model], kind: Kind, invariant: bool
) -> None:
    context = new_context(models[kind], invariant=invariant)
    prefill(context, 0, PREFIX)
    context.copy_prefix(0, 1, len(PREFIX))
    # both in one batch, from the state that they still share
    rows = [BatchRow(0, len(PREFIX), REST[:1], 1), BatchRow(1, len(PREFIX), OTHERS[0][:1], 1)]
    source, copy = context.decode(rows).copy()
    follow(context, 1, OTHERS[0][1:])
    rest = follow(context, 0, REST[1:])
    expected = cold(models[kind], PREFIX, invariant=invariant)
    assert difference(np.vstack([source, rest]), expected) < NOISE[invariant]
    other = cold(models[kind], PREFIX, OTHERS[0][:1], invariant=invariant)
    assert difference(copy, other) < NOISE[invariant]
    context.close()


@pytest.mark.parametrize("invariant", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_saved_whole_can_be_loaded_after_others_were_computed(
    models: Mapping[Kind, Model], kind: Kind, invariant: bool
) -> None:
    context = new_context(models[kind], invariant=invariant)
    prefill(context, 0, PREFIX)
    data = context.save(0, 0, len(PREFIX))
    context.clear(0)
    leave_holes(context)
    context.load(1, data)
    context.load(2, bytearray(data))
    expected = cold(models[kind], PREFIX, invariant=invariant)
    assert difference(follow(context, 1), expected) < NOISE[invariant]
    assert difference(follow(context, 2), expected) < NOISE[invariant]
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_that_has_not_gone_on_can_be_saved(models: Mapping[Kind, Model], kind: Kind) -> None:
    context = new_context(models[kind])
    prefill(context, 0, PREFIX)
    context.copy_prefix(0, 1, len(PREFIX))
    follow(context, 0, OTHERS[0][:10])
    data = context.save(1, 0, len(PREFIX))
    context.clear(1)
    context.load(1, data)
    assert difference(follow(context, 1), cold(models[kind], PREFIX)) < NOISE[True]
    context.close()


@pytest.mark.parametrize("invariant", [True, False])
@pytest.mark.parametrize("size", [300, 128, 37])
@pytest.mark.parametrize("kind", CUTTABLE)
def test_blocks_of_any_size_make_the_sequence_again(
    models: Mapping[Kind, Model], kind: Kind, size: int, invariant: bool
) -> None:
    context = new_context(models[kind], invariant=invariant)
    leave_holes(context)
    prefill(context, 0, PREFIX)
    blocks = save_blocks(context, 0, size)
    context.clear(0)
    for index, block in enumerate(blocks):
        context.load(1, block)
        assert context.covered(1) == min((index + 1) * size, len(PREFIX))
        follow(context, 2, OTHERS[3][index : index + 1])  # another's cells come between
    expected = cold(models[kind], PREFIX, invariant=invariant)
    assert difference(follow(context, 1), expected) < NOISE[invariant]
    context.close()


@pytest.mark.parametrize("kind", CUTTABLE)
@settings(max_examples=25)
@given(st.integers(2, len(PREFIX)), st.sampled_from([128, 61]), st.booleans())
def test_a_prefix_of_any_length_acts_like_a_computed_one(
    models: Mapping[Kind, Model], kind: Kind, length: int, size: int, restored: bool
) -> None:
    context = new_context(models[kind])
    leave_holes(context)
    prefill(context, 0, PREFIX)
    if restored:  # blocks, the last one to be cut
        for block in save_blocks(context, 0, size)[: -(-length // size)]:
            context.load(1, block)
        context.cut(1, length)
    else:
        context.copy_prefix(0, 1, length)
    context.cut(0, length)  # and in place
    expected = cold(models[kind], PREFIX[:length])
    assert (context.covered(0), context.covered(1)) == (length, length)
    assert difference(follow(context, 1), expected) < NOISE[True]
    assert difference(follow(context, 0), expected) < NOISE[True]
    context.close()


@pytest.mark.parametrize("kind", CUTTABLE)
@pytest.mark.parametrize("length", [1, 40, 255, 256])
def test_a_restored_sequence_can_be_cut_and_saved_again(
    models: Mapping[Kind, Model], kind: Kind, length: int
) -> None:
    context = new_context(models[kind])
    prefill(context, 0, PREFIX)
    for block in save_blocks(context, 0, 128):
        context.load(1, block)
    again = save_blocks(context, 1, 128)
    assert again == save_blocks(context, 0, 128)
    context.cut(1, length)
    assert difference(follow(context, 1), cold(models[kind], PREFIX[:length])) < NOISE[True]
    context.close()


def test_a_cell_that_left_the_window_is_not_given_to_another_sequence(
    models: Mapping[Kind, Model],
) -> None:
    context = new_context(models["window"])
    prefill(context, 1, OTHERS[0][:100])
    prefill(context, 0, PREFIX)
    context.clear(1)  # the search for free cells begins before those of sequence 0
    prefill(context, 2, [*OTHERS[1], *OTHERS[2][:100]])
    length = len(PREFIX) - 2 * WINDOW
    context.copy_prefix(0, 3, length)
    assert difference(follow(context, 3), cold(models["window"], PREFIX[:length])) < NOISE[True]
    context.close()


@pytest.mark.parametrize("kind", WHOLE)
def test_a_part_of_a_whole_state_is_refused_and_nothing_changes(
    models: Mapping[Kind, Model], kind: Kind
) -> None:
    context = new_context(models[kind])
    prefill(context, 0, PREFIX)
    data = context.save(0, 0, len(PREFIX))
    with pytest.raises(NativeError, match="shared"):
        context.copy_prefix(0, 1, 100)
    with pytest.raises(NativeError, match="saved"):
        context.save(0, 0, 100)
    with pytest.raises(NativeError, match="saved"):
        context.save(0, 100, len(PREFIX))
    with pytest.raises(NativeError, match="cut"):
        context.cut(0, 100)
    with pytest.raises(NativeError, match="whole"):
        context.load(0, data)
    context.cut(0, len(PREFIX))
    assert context.covered(1) == 0
    assert difference(follow(context, 0), cold(models[kind], PREFIX)) < NOISE[True]
    context.cut(0, 0)
    assert context.covered(0) == 0
    context.close()


@pytest.mark.parametrize("kind", CUTTABLE)
def test_data_that_does_not_follow_is_refused_and_nothing_changes(
    models: Mapping[Kind, Model], kind: Kind
) -> None:
    context = new_context(models[kind])
    prefill(context, 0, PREFIX)
    first, second, *_ = save_blocks(context, 0, 128)
    with pytest.raises(NativeError, match="holds 0 tokens, and data from 128 on"):
        context.load(1, second)
    context.load(1, first)
    with pytest.raises(NativeError, match="holds 128 tokens, and data from 0 on"):
        context.load(1, first)
    assert context.covered(1) == 128
    assert difference(follow(context, 1), cold(models[kind], PREFIX[:128])) < NOISE[True]
    context.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["short", "long", "garbage"])
def test_damaged_data_is_refused_and_leaves_no_cell_behind(
    models: Mapping[Kind, Model], kind: Kind, damage: str
) -> None:
    context = new_context(models[kind], num_cells=512)
    prefill(context, 0, PREFIX)
    whole = context.save(0, 0, len(PREFIX))
    context.clear(0)
    damaged = {"short": whole[:-5], "long": whole + b"x", "garbage": b"x" * 999}
    with pytest.raises(NativeError):
        context.load(1, damaged[damage])
    assert context.covered(1) == 0
    context.load(1, whole)
    prefill(context, 2, PREFIX[:212])  # every cell that there is
    context.close()


@pytest.mark.parametrize("kind", ["plain", "window", "hybrid"])
def test_without_room_a_load_is_refused_and_leaves_no_cell_behind(
    models: Mapping[Kind, Model], kind: Kind
) -> None:
    context = new_context(models[kind], num_cells=512)
    prefill(context, 0, PREFIX)
    data = context.save(0, 0, len(PREFIX))
    with pytest.raises(NativeError):
        context.load(1, data)
    assert context.covered(1) == 0
    prefill(context, 2, PREFIX[:212])  # every cell that is left
    with pytest.raises(NativeError):
        prefill(context, 3, [1])
    context.clear(2)
    assert difference(follow(context, 0), cold(models[kind], PREFIX)) < NOISE[True]
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_rows_with_many_outputs_give_the_logits_of_single_steps_in_their_order(
    models: Mapping[Kind, Model], kind: Kind
) -> None:
    context = new_context(models[kind])
    for seq in range(4):
        prefill(context, seq, PREFIX[: 100 + seq])
    rows = [
        BatchRow(2, 102, REST[:5], 5),
        BatchRow(0, 100, REST[:1], 1),
        BatchRow(3, 103, REST[:9], 0),
        BatchRow(1, 101, REST[:8], 3),
    ]
    logits = context.decode(rows).copy()
    expected = np.vstack(
        [
            cold(models[kind], PREFIX[:102], REST[:5]),
            cold(models[kind], PREFIX[:100], REST[:1]),
            cold(models[kind], PREFIX[:101], REST[:8])[-3:],
        ]
    )
    assert difference(logits, expected) < NOISE[True]
    context.close()


def test_more_outputs_than_the_context_has_are_refused(models: Mapping[Kind, Model]) -> None:
    context = new_context(models["plain"])
    assert context.decode([BatchRow(0, 0, PREFIX[:32], 32)]).shape == (32, 264)
    with pytest.raises(ValueError, match="33 outputs"):
        context.decode([BatchRow(0, 32, PREFIX[:33], 33)])
    assert context.covered(0) == 32
    context.close()


@pytest.mark.parametrize(
    ("flash_attention", "kv_type", "noise"), [(True, "q8_0", 0.0), (False, "f16", NOISE[True])]
)
@pytest.mark.parametrize("kind", CUTTABLE)
def test_other_formats_are_shared_and_saved_too(
    models: Mapping[Kind, Model], kind: Kind, flash_attention: bool, kv_type: KvType, noise: float
) -> None:
    context = new_context(
        models[kind], flash_attention=flash_attention, kv_type=kv_type, invariant=False
    )
    prefill(context, 0, PREFIX)
    blocks = save_blocks(context, 0, 128)
    context.copy_prefix(0, 1, len(PREFIX))
    for block in blocks:
        context.load(2, block)
    expected = follow(context, 0)
    assert difference(follow(context, 1), expected) <= noise
    assert difference(follow(context, 2), expected) <= noise
    context.close()


def test_what_the_library_does_not_combine_is_refused(models: Mapping[Kind, Model]) -> None:
    with pytest.raises(NativeError, match="flash_attn"):
        new_context(models["plain"], flash_attention=False, kv_type="q8_0", invariant=False)


@pytest.mark.parametrize("kind", KINDS)
def test_loading_allows_reuse_for_every_kind_of_memory(
    tmp_path_factory: pytest.TempPathFactory, kind: Kind
) -> None:
    file = write_tiny_model(tmp_path_factory.mktemp("loading"), kind)
    config = WorkerConfig(cells=512, threads=1, max_running=8)
    loaded = load(file, config)
    assert loaded.reuse
    assert loaded.cuttable == (kind in CUTTABLE)
    assert loaded.num_seqs == {"plain": 255, "window": 127}.get(kind, 24)
    prefill(loaded.context, loaded.num_seqs - 1, PREFIX)  # the last id can be used
    assert loaded.context.covered(loaded.num_seqs - 1) == len(PREFIX)
    loaded.context.close()
    loaded.model.close()


PROMPTS = (
    "The sea was calm that morning, and the fishermen pushed their boats out early. " * 8,
    "Water boils at one hundred degrees at sea level, because its vapour pressure then equals"
    " that of the air. Higher up the air is thinner. " * 6,
)


def greedy(context: Context, seq: int, token: int, count: int = 24) -> list[int]:
    """The tokens that follow ``token``, the likeliest at each step."""
    tokens = [token]
    for _ in range(count):
        tokens.append(int(follow(context, seq, tokens[-1:])[-1].argmax()))
    return tokens


@pytest.mark.parametrize("text", PROMPTS, ids=["story", "facts"])
def test_the_embedded_model_goes_on_alike_from_computed_shared_and_loaded_cells(text: str) -> None:
    model = Model(prepare())
    *prompt, last = model.tokenize(text, special=False)
    context = new_context(model)
    prefill(context, 0, prompt)
    blocks = save_blocks(context, 0, 128)
    context.copy_prefix(0, 1, len(prompt))
    computed = greedy(context, 0, last)
    context.clear(0)
    assert greedy(context, 1, last) == computed
    context.clear(1)
    prefill(context, 4, model.tokenize(PROMPTS[0][:200], special=False))
    for block in blocks:
        context.load(2, block)
    assert greedy(context, 2, last) == computed
    # drafts verified in one row give what single steps give
    context.cut(2, len(prompt))
    drafts = context.decode([BatchRow(2, len(prompt), computed[:-1], len(computed) - 1)])
    assert [int(row.argmax()) for row in drafts] == computed[1:]
    context.close()
    model.close()
