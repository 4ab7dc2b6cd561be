"""Draws the main figures of a run. It knows metric ids and nothing of how they are measured.

matplotlib is only in the environment that ``make bench`` sets up, so it is imported by name.
"""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import SENRYU, Series, spread

__all__ = ["can_plot", "plot"]

_COLORS = ("#2a6f97", "#c8553d")


def can_plot() -> bool:
    """Whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def plot(series: Mapping[str, Series], peer: str, target: Path, *, caption: str) -> None:
    """Write a picture of four panels: prefill, decode, gaps and stall, memory.

    Arguments:
        series: values by metric id; missing ones leave a gap.
        peer: the subject beside Senryu.
        target: the PNG file.
        caption: one line on the machine and the date.
    """
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    subjects = (SENRYU, peer)
    prefill = {
        name.replace("_", " "): name
        for name in series
        if name.startswith(("prefill_", "burst_")) and not name.endswith("_tokens")
    }
    _bars(axes[0][0], series, subjects, prefill, "prefill, tokens/s (higher is better)")
    _decode_lines(axes[0][1], series, subjects)
    gaps = {"gap p50": "gap_p50", "gap p99": "gap_p99", "stall by a long prompt": "stall"}
    _bars(axes[1][0], series, subjects, gaps, "pauses in streams, ms (lower is better)")
    if any(name in series for name in gaps.values()):
        axes[1][0].set_yscale("log")
    memory = {"idle": "memory", "API process": "memory_api", "after streams": "memory_loaded"}
    _bars(axes[1][1], series, subjects, memory, "resident memory, MB (lower is better)")
    figure.suptitle(caption, fontsize=9)
    figure.savefig(target, dpi=110)
    pyplot.close(figure)


def _bars(
    axis: Any,
    series: Mapping[str, Series],
    subjects: Sequence[str],
    names: Mapping[str, str],
    title: str,
) -> None:
    width = 0.8 / len(subjects)
    for index, subject in enumerate(subjects):
        for place, metric in enumerate(names.values()):
            found = spread(series.get(metric, {}).get(subject, []))
            if found is not None:
                error = [[found.median - found.low], [found.high - found.median]]
                axis.bar(
                    place + index * width, found.median, width,
                    yerr=error, capsize=3, color=_COLORS[index],
                )  # fmt: skip
        axis.bar(0, 0, color=_COLORS[index], label=subject)  # for the legend only
    axis.set_xticks([place + width / 2 for place in range(len(names))], list(names))
    axis.set_title(title, fontsize=10)
    axis.legend(fontsize=8)


def _decode_lines(axis: Any, series: Mapping[str, Series], subjects: Sequence[str]) -> None:
    streams = sorted(
        int(name.removeprefix("decode_")) for name in series if name[7:].isdigit()
        and name.startswith("decode_")
    )  # fmt: skip
    for index, subject in enumerate(subjects):
        spreads = [spread(series[f"decode_{count}"].get(subject, [])) for count in streams]
        points = [(n, found) for n, found in zip(streams, spreads, strict=True) if found]
        below = [found.median - found.low for _, found in points]
        above = [found.high - found.median for _, found in points]
        axis.errorbar(
            [n for n, _ in points], [found.median for _, found in points],
            yerr=[below, above], marker="o", capsize=3, color=_COLORS[index], label=subject,
        )  # fmt: skip
    axis.set_xticks(streams)
    axis.set_ylim(bottom=0)
    axis.set_xlabel("streams at once")
    axis.set_title("decode, tokens/s of all streams together (higher is better)", fontsize=10)
    axis.legend(fontsize=8)
