"""Records what a fan-out over one prefix computes and shares, step by step, and draws it.

``python -m benchmarks.cache_trace`` drives the engine's runner in this process: so many requests
over one cold prefix, submitted together. It writes ``docs/images/caching-trace.json`` and draws
``docs/images/caching-trace.svg`` from it (``--draw-only`` draws the trace that is there). The
prompts are random tokens, because what is shared does not depend on what they say.
"""

import argparse
import importlib
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import machine
from benchmarks.plot import can_plot
from senryu.core import Job, Sampling
from senryu.engine.frames import WorkerConfig
from senryu.engine.llama.embedded import prepare
from senryu.engine.llama.loading import load
from senryu.engine.llama.native_log import quiet_logs
from senryu.engine.llama.runner import Runner

__all__ = ["Part", "Placed", "Trace", "main", "record"]

_IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_TOKEN_IDS = range(1000, 40000)  # of the embedded model, away from its markers
_SEED = 1

_INK = "#1f2328"
_PAPER = "#ffffff"
_COMPUTED, _SHARED, _REPLY = "#2a6f97", "#a9d6a0", "#c8553d"


@dataclass(frozen=True, slots=True)
class Placed:
    """A request got its place in memory.

    Arguments:
        request: its number.
        at_s: when, in seconds from the submission.
        shared: tokens of its prompt that were computed for another one.
    """

    request: int
    at_s: float
    shared: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one step computed of one request.

    Arguments:
        step: the step's number.
        request: the request's number.
        start: position of the first token.
        count: how many tokens.
        began_s: when the step began, in seconds from the submission.
        ended_s: when it was done.
    """

    step: int
    request: int
    start: int
    count: int
    began_s: float
    ended_s: float


@dataclass(frozen=True, slots=True)
class Trace:
    """All that happened to requests submitted together.

    Arguments:
        machine: what it ran on.
        prompt: tokens of each prompt.
        prefix: tokens that all prompts begin with.
        placed: by time.
        parts: by time.
    """

    machine: str
    prompt: int
    prefix: int
    placed: tuple[Placed, ...]
    parts: tuple[Part, ...]


def record(runner: Runner, *, requests: int, prefix: int, own: int, reply: int) -> Trace:
    """Run requests over one prefix to their ends.

    Arguments:
        runner: an idle one, whose cache does not know the prefix.
        requests: how many.
        prefix: tokens that they share.
        own: tokens that each has besides, at least 1.
        reply: tokens that each generates.
    """
    source = random.Random(_SEED)
    common = source.choices(_TOKEN_IDS, k=prefix)
    for number in range(requests):
        tokens = (*common, *source.choices(_TOKEN_IDS, k=own))
        runner.submit(Job(str(number), tokens, reply, Sampling(temperature=0)))
    placed: list[Placed] = []
    parts: list[Part] = []
    submitted = time.perf_counter()
    step = 0
    while runner.has_work:
        runner.plan()
        began_s = _since(submitted)
        planned = runner.last_step
        placed += [Placed(int(each.job.id), began_s, each.use.cached) for each in planned.placed]
        runner.compute()
        ended_s = _since(submitted)
        parts += [
            Part(step, int(row.running.job.id), row.start, row.count, began_s, ended_s)
            for row in planned.rows
        ]
        step += 1
    return Trace(_machine(), prefix + own, prefix, tuple(placed), tuple(parts))


def _since(moment: float) -> float:
    return round(time.perf_counter() - moment, 4)


def _machine() -> str:
    facts = machine.describe(prepare())
    return f"{facts['processor']}; llama-cpp-python {facts['llama-cpp-python']}"


def _warm_up(runner: Runner) -> None:
    """The first steps of a process pay for memory that is touched for the first time."""
    tokens = tuple(random.Random(_SEED + 1).choices(_TOKEN_IDS, k=600))
    runner.submit(Job("warm-up", tokens, 4, Sampling(temperature=0)))
    while runner.has_work:
        runner.plan()
        runner.compute()
    runner.forget("default")


def _draw(trace: Trace, target: Path) -> None:
    """The picture: on the left what prompts were made of, on the right when it happened.

    It has a background of its own, so that it can be read on a dark page too.
    """
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "senryu",
            "font.size": 9,
            "axes.titlesize": 10,
            **dict.fromkeys(
                ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"),
                _INK,
            ),
        }
    )
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    figure, (tokens, times) = pyplot.subplots(
        1, 2, figsize=(10, 4), sharey=True, layout="constrained", facecolor=_PAPER
    )
    _draw_tokens(tokens, trace)
    _draw_times(times, trace)
    for axis in (tokens, times):
        axis.set_facecolor(_PAPER)
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(left=False)
    count = len(trace.placed)
    tokens.set_yticks(range(count), [f"request {number + 1}" for number in range(count)])
    tokens.invert_yaxis()
    figure.legend(*times.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figure.savefig(target, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    lines = target.read_text(encoding="utf-8").splitlines()
    target.write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


def _draw_tokens(axis: Any, trace: Trace) -> None:
    num_computed = 0
    for each in trace.placed:
        bars = axis.barh(each.request, each.shared, color=_SHARED)
        if each.shared:
            axis.bar_label(bars, [f"{each.shared:,} shared"], label_type="center")
    for part in trace.parts:
        if part.start >= trace.prompt:
            continue
        num_computed += part.count
        bars = axis.barh(
            part.request, part.count, left=part.start, color=_COMPUTED, edgecolor=_PAPER
        )
        if part.count > trace.prompt / 8:
            label = f"{part.count:,} computed"
            axis.bar_label(bars, [label], label_type="center", color=_PAPER)
    count = len(trace.placed)
    axis.set_xlabel("token of the prompt")
    axis.set_title(
        f"{count} prompts, {count * trace.prompt:,} tokens in all: {num_computed:,} computed"
    )


def _draw_times(axis: Any, trace: Trace) -> None:
    for each in trace.placed:
        axis.plot([0, each.at_s], [each.request] * 2, color=_INK, lw=0.8, ls=":")
        if each.shared:
            axis.plot(each.at_s, each.request, "o", color=_SHARED, mec=_INK, zorder=3)
    for part in trace.parts:
        is_prompt = part.start < trace.prompt
        axis.barh(
            part.request, part.ended_s - part.began_s, left=part.began_s,
            height=0.8 if is_prompt else 0.3, color=_COMPUTED if is_prompt else _REPLY,
            edgecolor=_PAPER, linewidth=0.5,
        )  # fmt: skip
    axis.plot([], [], color=_INK, lw=0.8, ls=":", label="waiting for the prefix")
    axis.plot([], [], "o", color=_SHARED, mec=_INK, label="prefix shared, without a copy")
    axis.barh(0, 0, color=_COMPUTED, label="a step that computes prompt")
    axis.barh(0, 0, color=_REPLY, label="a step that computes reply")
    axis.set_xlabel("seconds since the requests arrived")
    axis.set_title("the same requests over time")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cache_trace",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--requests", type=int, default=8, help="how many (default 8)")
    add("--prefix", type=int, default=1024, help="tokens that they share (default 1024)")
    add("--own", type=int, default=36, help="tokens that each has besides (default 36)")
    add("--reply", type=int, default=8, help="tokens that each generates (default 8)")
    add("--threads", type=int, default=2, help="native threads (default 2)")
    add("--output", type=Path, default=_IMAGES, help="a folder (default docs/images)")
    add("--draw-only", action="store_true", help="draw the trace that is there")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Record and draw; returns the exit status."""
    options = _options(arguments)
    data = options.output / "caching-trace.json"
    if not options.draw_only:
        quiet_logs()
        config = WorkerConfig(cells=16384, threads=options.threads, ram_bytes=0, speculation=False)
        runner = Runner(load(prepare(), config), config)
        _warm_up(runner)
        trace = record(
            runner,
            requests=options.requests,
            prefix=options.prefix,
            own=options.own,
            reply=options.reply,
        )
        options.output.mkdir(parents=True, exist_ok=True)
        data.write_bytes(msgspec.json.format(msgspec.json.encode(trace), indent=1) + b"\n")
    if not can_plot():
        sys.stderr.write("no picture: matplotlib is not installed (`make bench` installs it)\n")
        return 0
    _draw(msgspec.json.decode(data.read_bytes(), type=Trace), data.with_suffix(".svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
