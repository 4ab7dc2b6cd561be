"""A context's options as the native library wants them.

It translates values and creates nothing.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportMissingTypeStubs=false

from typing import Any

import llama_cpp

from senryu.engine.llama.context_options import ContextOptions, KvType

__all__ = ["context_params"]

_KV_TYPES: dict[KvType, int] = {"f16": 1, "q8_0": 8}  # enum ggml_type
_BF16 = 30
_YARN = 2  # enum llama_rope_scaling_type


def context_params(options: ContextOptions, *, num_ids: int, training_context: int) -> Any:
    """The ``llama_context_params``.

    Arguments:
        options: what was chosen.
        num_ids: native sequence ids.
        training_context: tokens of the sequences that the model was trained on.
    """
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = options.num_cells
    params.n_batch = options.max_tokens
    params.n_ubatch = options.micro_batch
    params.n_seq_max = num_ids
    # the library wants one for each sequence id at least
    params.n_outputs_max = max(options.max_outputs, num_ids)
    params.n_threads = params.n_threads_batch = options.threads
    params.flash_attn_type = int(options.flash_attention)
    params.type_k = params.type_v = _KV_TYPES[options.kv_type]
    if options.batch_invariant:
        # Values in BF16 keep the CPU's fused kernel on the one path whose result for a row
        # does not depend on what else is in the batch or where its cells lie: with F16 it
        # takes another from 64 rows on, and a third for one row of a long context.
        params.type_v = _BF16
    if options.stretch > 1.0:
        params.rope_scaling_type = _YARN
        params.rope_freq_scale = 1.0 / options.stretch
        params.yarn_orig_ctx = training_context
    params.swa_full = True
    params.kv_unified = True
    params.no_perf = True
    return params
