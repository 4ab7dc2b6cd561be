"""From a configuration to a loaded model: sizes chosen, facts read from the file.

It decides how much memory and how many threads are used; it does not run anything.
"""

import os
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import psutil

from senryu.core import EngineInfo
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.binding import Context, Model, NativeError
from senryu.engine.llama.calibration import Calibration, Choices, threads_to_try
from senryu.engine.llama.calibration_store import find_calibration, make_key
from senryu.engine.llama.context_options import ContextOptions
from senryu.engine.llama.fingerprint import file_fingerprint
from senryu.engine.llama.markers import find_markers
from senryu.engine.llama.measure import Measurement
from senryu.engine.llama.native_build import native_build
from senryu.engine.llama.projectors import find_projector
from senryu.engine.llama.speculate import StepCosts
from senryu.engine.llama.vision_binding import PictureRun, Projector
from senryu.errors import StartupError

__all__ = ["Loaded", "load"]

_DEFAULT_WINDOWS = 4
_KEPT_STATES = 16  # beyond those of running requests, where a sequence id costs a whole state
_KV_BYTES = 2  # f16
_MIN_CELLS = 256
_MICRO_BATCHES = (256, 128)  # tried besides a whole step
_PICTURE_SIZES = (256, 512, 1024, 2048)  # pixels of a side
_CELL_STEP = 256  # the native memory rounds its size to this


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model, its context and what is known of them.

    Arguments:
        num_seqs: sequence ids of the context.
        reuse: whether finished sequences may serve as prefixes of others.
        cuttable: whether a prefix of any length can be shared; otherwise only whole sequences.
        fingerprint: tells saved KV memory of this model, library and format from any other's.
        step_costs: what steps cost by their rows.
        projector: by which it sees; None if it does not.
        max_run: tokens of a picture that can be computed in one batch, where they have to be; else
            0.
    """

    model: Model
    context: Context
    info: EngineInfo
    num_seqs: int
    reuse: bool
    cuttable: bool
    fingerprint: str
    step_costs: StepCosts
    projector: Projector | None = None
    max_run: int = 0


def load(path: Path, config: WorkerConfig) -> Loaded:
    """Load a GGUF file.

    Raises:
        StartupError: it cannot be loaded or does not fit; the message says why.
    """
    try:
        model = Model(path)
    except NativeError as error:
        raise StartupError(f"{path}: not a model that can be loaded: {error}") from None
    if not model.generates:
        raise StartupError(
            f"{path}: not a decoder-only language model, which is what can be served"
        )
    num_cells = config.cells or _default_cells(model, config.window or 0)
    num_cells = -(-num_cells // _CELL_STEP) * _CELL_STEP
    window = min(config.window or model.training_context, num_cells)
    reuse = config.cache_entries > 0
    num_seqs = _num_seqs(model, config)
    calibration = _calibration(model, path, config)
    chosen = calibration.options
    seeing = find_projector(path, model, named=config.projector, threads=chosen.threads)
    max_run = _longest_run(seeing.projector) if seeing and seeing.projector.is_whole else 0
    options = ContextOptions(
        num_cells=num_cells,
        num_seqs=num_seqs,
        # every running sequence decodes beside the prefill chunk
        max_tokens=max(config.step_tokens + config.max_running, max_run),
        max_outputs=num_seqs,
        micro_batch=max(chosen.micro_batch, max_run),
        threads=chosen.threads,
        batch_invariant=config.batch_invariant,
        flash_attention=chosen.flash_attention,
        kv_type=chosen.kv_type,
        stretch=max(1.0, window / model.training_context),
        pictures=seeing is not None,
        whole_pictures=max_run > 0,
    )
    try:
        context = Context(model, options)
    except NativeError as error:
        raise StartupError(
            f"{path}: no memory for {num_cells} cells (set `cells` lower): {error}"
        ) from None
    return Loaded(
        model,
        context,
        replace(_describe(model, path, window), sees=seeing is not None),
        num_seqs,
        reuse,
        model.cuttable,
        _fingerprint(path, options) + (f", eyes {seeing.fingerprint}" if seeing else ""),
        calibration.step_costs,
        seeing.projector if seeing else None,
        max_run,
    )


def _longest_run(projector: Projector) -> int:
    """Tokens of the longest run of pictures of usual sizes; larger ones are refused later."""
    layouts = (projector.layout(size, size) for size in _PICTURE_SIZES)
    runs = (run for layout in layouts for run in layout if isinstance(run, PictureRun))
    return max(run.num_tokens for run in runs)


def _calibration(model: Model, path: Path, config: WorkerConfig) -> Calibration:
    """The stored or measured choice of options; what the configuration sets is the only choice."""
    sizes = (size for size in _MICRO_BATCHES if size < config.step_tokens)
    choices = Choices(
        threads=(config.threads,) if config.threads else _threads(),
        micro_batches=(config.step_tokens, *sizes),
        # batch invariance is a property of the fused kernel
        flash_attention=(True,) if config.batch_invariant else (True, False),
    )
    if config.calibrate == "off":
        return Calibration(choices.defaults)
    build = native_build()
    key = make_key(path, choices, library=build, batch_invariant=config.batch_invariant)
    measurement = Measurement(model, batch_invariant=config.batch_invariant)
    return find_calibration(key, measurement, config.calibrate)


def _threads() -> tuple[int, ...]:
    logical = psutil.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else logical
    return threads_to_try(
        _physical_cores(), physical=_physical_cores(), logical=logical, usable=usable
    )


def _num_seqs(model: Model, config: WorkerConfig) -> int:
    """All ids that there are, if only so that they need not be given out again soon: see replay.py.

    Memory that cannot be cut is laid out by id, though, and an id costs a whole state there.
    """
    if model.cuttable:
        return model.max_seqs
    kept = min(config.cache_entries, _KEPT_STATES)
    return min(config.max_running + kept, model.max_seqs)


def _fingerprint(path: Path, options: ContextOptions) -> str:
    """The file, the library and whatever else decides the format of saved KV memory."""
    return (
        f"{file_fingerprint(path)}, llama-cpp-python {version('llama-cpp-python')},"
        f" {options.kv_type}, flash attention {options.flash_attention},"
        f" batch invariant {options.batch_invariant}, stretch {options.stretch}"
    )


def _physical_cores() -> int:
    return psutil.cpu_count(logical=False) or psutil.cpu_count() or 1


def _default_cells(model: Model, window: int) -> int:
    """Four full windows, within half of the memory that is free now.

    Four, because a request rarely fills its window and prefixes want room too: for the embedded
    model (8,192 tokens, 23 KB a cell) that is 755 MB.
    """
    cell_bytes = max(1, _cell_bytes(model))
    affordable = psutil.virtual_memory().available // 2 // cell_bytes
    wanted = min(_DEFAULT_WINDOWS * max(window, model.training_context), affordable)
    return max(_MIN_CELLS, wanted // _CELL_STEP * _CELL_STEP)


def _cell_bytes(model: Model) -> int:
    """Bytes that one token takes in KV memory, for plain attention (an upper bound elsewhere)."""
    architecture = model.metadata("general.architecture") or ""
    key = model.metadata(f"{architecture}.attention.key_length")
    value = model.metadata(f"{architecture}.attention.value_length")
    width = int(key or model.head_size) + int(value or model.head_size)
    return model.num_layers * model.num_kv_heads * width * _KV_BYTES


def _describe(model: Model, path: Path, window: int) -> EngineInfo:
    top_k = _number(model, "general.sampling.top_k")
    return EngineInfo(
        name=model.metadata("general.name") or path.stem,
        architecture=model.metadata("general.architecture") or "unknown",
        num_params=model.num_params,
        file_size=path.stat().st_size,
        quantization=model.description.rsplit(" ", 1)[-1],
        training_context=model.training_context,
        window=window,
        chat_template=model.metadata("tokenizer.chat_template"),
        special_tokens=tuple(find_markers(model).values()),
        bos=_text(model, model.bos),
        eos=_text(model, model.eos),
        add_bos=model.add_bos,
        temperature=_number(model, "general.sampling.temp"),
        top_p=_number(model, "general.sampling.top_p"),
        top_k=None if top_k is None else int(top_k),
        memory_bytes=psutil.Process().memory_info().rss,
    )


def _text(model: Model, token: int | None) -> str:
    return "" if token is None else model.piece(token).decode(errors="replace")


def _number(model: Model, key: str) -> float | None:
    text = model.metadata(key)
    return None if text is None else float(text)
