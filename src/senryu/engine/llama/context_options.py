"""Sizes and choices of a native context. Data only."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["ContextOptions", "KvType"]

KvType = Literal["f16", "q8_0"]
"""Format of cached keys and values."""


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """Sizes and choices of a context.

    Arguments:
        num_cells: tokens of KV memory.
        num_seqs: sequence ids, at most ``Model.max_seqs``.
        max_tokens: tokens in one ``decode``.
        max_outputs: rows of logits from one ``decode``.
        micro_batch: tokens computed at a time inside ``decode``.
        threads: native threads.
        batch_invariant: whether a reply must not depend on what is computed beside it. It decides
            the format of cached values.
        flash_attention: whether attention is computed by the fused kernel, which skips other
            sequences' cells; the plain one computes and masks them.
        kv_type: format of cached keys and values; ``q8_0`` needs the fused kernel for values.
        stretch: how many times its training context the model is to see; above 1 its positions are
            scaled by YaRN (arXiv:2309.00071).
        pictures: whether rows may have embeddings.
        whole_pictures: whether the tokens of a row with embeddings attend to those behind them; it
            is then computed at once, and ``micro_batch`` must be as large.
    """

    num_cells: int
    num_seqs: int
    max_tokens: int
    max_outputs: int
    micro_batch: int
    threads: int
    batch_invariant: bool
    flash_attention: bool = True
    kv_type: KvType = "f16"
    stretch: float = 1.0
    pictures: bool = False
    whole_pictures: bool = False
