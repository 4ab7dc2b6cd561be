"""When the end of a prompt is computed sooner with tokens that mean nothing beside it.

ggml's CPU attention has two kernels. The one for batches of ``MANY_TOKENS`` and more looks at that
many tokens at a time and is several times as fast for each as the one for fewer, which looks at one
after another. So few new tokens behind a long cached prefix, as in a conversation's second turn,
are cheaper as part of a batch that is filled up: the attention that is saved is worth more than
what the added tokens cost. All of it is pure: numbers in, a number out.
"""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["MANY_TOKENS", "Tiling"]

MANY_TOKENS = 64
"""Tokens of a batch from which on ggml's CPU attention takes its tiled kernel (``GGML_FA_TILE_Q``
in ggml-cpu/common.h)."""

# Measured with a Q8_0 model on a processor with AVX-512: 1.25 ms a token for 134.5 M weights, and
# for each cell that it sees 9.7 us in the kernel for few tokens and 1.2 us in the tiled one, 17,280
# query elements wide: a weight costs a 60th of an element, and tiles are 8 times as fast. Less is
# assumed of both, for where it is worth little it must not cost anything.
_WEIGHTS_PER_ELEMENT = 40
_SPEEDUP = 6


@dataclass(frozen=True, slots=True)
class Tiling:
    """What attention costs beside the rest of a model.

    Arguments:
        token_cells: the cells that a token has to see for its attention, by the kernel for few
            tokens, to cost as much as everything else of it; positive.
    """

    token_cells: float

    @classmethod
    def of(cls, num_params: int, num_layers: int, width: int) -> "Tiling":
        """The estimate for a model.

        Arguments:
            num_params: its weights.
            num_layers: its layers, each with attention.
            width: elements of a token's queries in one layer.
        """
        return cls(num_params / (_WEIGHTS_PER_ELEMENT * num_layers * width))

    def padding(self, runs: Iterable[tuple[int, int]]) -> int:
        """How many tokens to add to a batch; 0 where that does not pay.

        Arguments:
            runs: of each sequence in it the tokens before, and the tokens to compute.
        """
        count = cells = seen = 0
        for start, length in runs:
            count += length
            cells += start
            seen += start * length
        missing = MANY_TOKENS - count
        # A tile looks at every cell that one of its tokens sees.
        tiled = MANY_TOKENS * cells / _SPEEDUP + missing * self.token_cells
        return missing if missing > 0 and tiled < seen else 0
