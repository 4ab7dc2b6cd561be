"""Measures what options give: a prompt, steps of one sequence and a step of several, timed.

It uses a context of its own, closed at the end, and decides nothing. The tokens mean nothing.
"""

import time
from collections.abc import Sequence

from senryu.engine.llama.binding import Context, Model, NativeError
from senryu.engine.llama.calibration import Options, Timing, Unmeasurable
from senryu.engine.llama.context_options import ContextOptions
from senryu.engine.llama.native_batch import BatchRow

__all__ = ["Measurement"]

_PROMPT_LENGTHS = (512, 256, 128, 64, 16)
_PROMPT_S = 0.6  # about what a prompt may take
_PREFILL_GAIN = 4  # how much cheaper a token of a prompt is than a step of its own, about
_STEPS = (1, 1, 1, 2, 4, 8, 16)  # rows of each; the fastest counts
_CROWD = 8  # sequences that decode together
_MOST_S = 4.0
_CELL_STEP = 256


class Measurement:
    """A ``calibration.Measure`` of one model.

    Arguments:
        model: loaded.
        batch_invariant: as in ``ContextOptions``.
    """

    def __init__(self, model: Model, *, batch_invariant: bool) -> None:
        self._model = model
        self._batch_invariant = batch_invariant
        self._prompt_length = 0  # the same for all that is compared

    def __call__(self, options: Options) -> Timing:
        """Measure once.

        Raises:
            Unmeasurable: the library refuses the options, there is no memory, or it takes too long.
        """
        length = self._prompt_length or _PROMPT_LENGTHS[0]
        num_cells = _CROWD * (length + 1) + sum(_STEPS)
        try:
            context = Context(
                self._model,
                ContextOptions(
                    num_cells=-(-num_cells // _CELL_STEP) * _CELL_STEP,
                    num_seqs=_CROWD,
                    max_tokens=max(length, options.micro_batch),
                    max_outputs=max(_STEPS),
                    micro_batch=options.micro_batch,
                    threads=options.threads,
                    batch_invariant=self._batch_invariant,
                    flash_attention=options.flash_attention,
                    kv_type=options.kv_type,
                ),
            )
        except NativeError as error:
            raise Unmeasurable(str(error)) from None
        try:
            return self._time(_Sequences(context, self._model.num_tokens))
        except NativeError as error:
            raise Unmeasurable(str(error)) from None
        finally:
            context.close()

    def _time(self, sequences: "_Sequences") -> Timing:
        sequences.step([0], 1)  # reads the weights from disk, which must not count
        one_s = sequences.step([0], 1)
        sequences.clear(0)
        length = self._prompt_length = self._prompt_length or _affordable(one_s)
        prefill_s = sequences.prefill(0, length)
        sequences.copy(0, range(1, _CROWD))
        crowd_s = sequences.step(range(_CROWD), 1)
        for seq in range(1, _CROWD):
            sequences.clear(seq)
        fastest: dict[int, float] = {}
        for rows in _STEPS:
            seconds = sequences.step([0], rows)
            fastest[rows] = min(seconds, fastest.get(rows, seconds))
        return Timing(length, prefill_s / length, crowd_s, tuple(fastest.items()))


class _Sequences:
    """A context and how much each sequence holds; only ever appended to or cleared."""

    def __init__(self, context: Context, num_tokens: int) -> None:
        self._context = context
        self._num_tokens = num_tokens
        self._lengths: dict[int, int] = {}
        self._end = time.perf_counter() + _MOST_S

    def prefill(self, seq: int, length: int) -> float:
        """Compute a prompt; returns seconds."""
        return self._decode([self._row(seq, length, outputs=1)])

    def step(self, seqs: Sequence[int], rows: int) -> float:
        """Compute some tokens more of each, with all their logits; returns seconds."""
        return self._decode([self._row(seq, rows, outputs=rows) for seq in seqs])

    def copy(self, source: int, targets: Sequence[int]) -> None:
        """Give each target cells of its own with what the source holds."""
        length = self._lengths[source]
        data = self._context.save(source, 0, length)
        for target in targets:
            self._context.load(target, data)
            self._lengths[target] = length

    def clear(self, seq: int) -> None:
        """Drop everything of a sequence."""
        self._context.clear(seq)
        self._lengths.pop(seq, None)

    def _row(self, seq: int, count: int, *, outputs: int) -> BatchRow:
        start = self._lengths.get(seq, 0)
        self._lengths[seq] = start + count
        tokens = [place * 7919 % self._num_tokens for place in range(start, start + count)]
        return BatchRow(seq, start, tokens, outputs)

    def _decode(self, rows: Sequence[BatchRow]) -> float:
        began = time.perf_counter()
        if began > self._end:
            raise Unmeasurable(f"it takes more than {_MOST_S:.0f} s")
        self._context.decode(rows)
        return time.perf_counter() - began


def _affordable(one_s: float) -> int:
    """The longest prompt that is computed in about ``_PROMPT_S``, by the time of one token."""
    lengths = [n for n in _PROMPT_LENGTHS if n * one_s / _PREFILL_GAIN <= _PROMPT_S]
    return lengths[0] if lengths else _PROMPT_LENGTHS[-1]
