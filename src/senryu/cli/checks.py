"""The checks of ``senryu doctor``: each looks at one thing and says what is wrong and what helps.

A check changes nothing that stays and prints nothing.
"""

import json
import os
import platform
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from senryu.documents.facts import READ_SCRIPTS
from senryu.documents.tesseract import SCRIPTS, find_tesseract
from senryu.engine.cache_folder import cache_folder
from senryu.engine.llama.calibration import describe
from senryu.engine.llama.calibration_store import stored_calibrations
from senryu.engine.llama.inspect import inspect_file
from senryu.engine.llama.shipped import shipped_file
from senryu.errors import StartupError
from senryu.settings import Settings, load_settings

__all__ = ["Finding", "run_checks"]

_PROBE = (sys.executable, "-m", "senryu.engine.llama.probe")
_PROBE_TIMEOUT_S = 60
_LEAST_MEMORY = 1_000_000_000  # the embedded model with its KV memory
_LEAST_DISK = 500_000_000
_USABLE = 0.8  # of the free memory; the rest is for the system and the KV cache's growth
_BYTES_PER_PARAM = 0.65  # 4-bit weights (4.5 to 5 bits) and a modest KV cache
# What llama.cpp calls a feature, and what /proc/cpuinfo calls it.
_CPU_FEATURES = {
    "AVX2": "avx2",
    "FMA": "fma",
    "AVX512": "avx512f",
    "AVX512_VNNI": "avx512_vnni",
    "NEON": "asimd",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Arguments:
        name: the check.
        ok: False for a problem that keeps Senryu from working.
        detail: what is there.
        remedy: what to do, for a problem or where something could be better; else empty.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def run_checks(config: Path | None) -> list[Finding]:
    """All checks, in the order in which they are shown.

    Arguments:
        config: as in ``load_settings``.
    """
    checks: tuple[Callable[[], Finding], ...] = (
        _python,
        _processor,
        _memory,
        _native_library,
        _embedded_model,
        _images,
        _cache,
    )
    return [*(check() for check in checks), *_calibrations(), *_configuration(config)]


def _calibrations() -> list[Finding]:
    found = [f"{key.model}: {describe(chosen)}" for key, chosen in stored_calibrations()]
    found = found or ["none yet: a model is measured when it is first loaded"]
    return [Finding("calibration", True, detail) for detail in found]


def _python() -> Finding:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Finding("python", sys.version_info >= (3, 11), detail, "")


def _processor() -> Finding:
    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    allowed = len(psutil.Process().cpu_affinity() or []) if hasattr(os, "sched_getaffinity") else 0
    features = ", ".join(sorted(_cpu_features())) or "features unknown"
    detail = f"{cores} cores ({allowed or cores} usable), {features}"
    return Finding("processor", True, detail)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    billions = free * _USABLE / _BYTES_PER_PARAM / 1e9
    detail = f"{free / 1e9:.1f} GB free: models up to about {billions:.0f}B parameters at 4 bits"
    return Finding(
        "memory",
        free >= _LEAST_MEMORY,
        detail,
        "" if free >= _LEAST_MEMORY else "free some memory, or set a small `cells` for the model",
    )


def _native_library() -> Finding:
    name = "native library"
    install = "run `pip install 'senryu[llama]'`; docs/install.md tells of prebuilt wheels"
    try:
        done = subprocess.run(_PROBE, capture_output=True, timeout=_PROBE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return Finding(name, False, f"does not load within {_PROBE_TIMEOUT_S} s", install)
    if done.returncode < 0:
        detail = f"killed by signal {-done.returncode}: it was built for another processor"
        return Finding(name, False, detail, "install a wheel for this one, or build from source")
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        return Finding(name, False, f"does not load: {reason}", install)
    facts: dict[str, Any] = json.loads(done.stdout)
    return _judge_library(facts)


def _judge_library(facts: dict[str, Any]) -> Finding:
    built = {part.split("=")[0].split(":")[-1].strip() for part in facts["system"].split("|")}
    missing = sorted(_cpu_features() - built)
    gpu = ", uses a GPU" if facts["gpu"] else ""
    detail = f"llama-cpp-python {facts['version']}{gpu}"
    remedy = ""
    if missing:
        detail += f", built without {', '.join(missing)}"
        remedy = "it would be faster built for this processor: build it from source"
    return Finding("native library", True, detail, remedy)


def _cpu_features() -> set[str]:
    """What this processor can do, in llama.cpp's words; empty where that cannot be read."""
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="utf-8").split())
    except OSError:
        return set()
    return {name for name, word in _CPU_FEATURES.items() if word in words}


def _embedded_model() -> Finding:
    try:
        model = inspect_file(shipped_file())
    except StartupError as error:
        return Finding("embedded model", False, "missing", str(error))
    return Finding("embedded model", True, f"{model.path.name}, {model.size_bytes / 1e6:.0f} MB")


def _images() -> Finding:
    detail = f"{', '.join(READ_SCRIPTS)} (RapidOCR {version('rapidocr')})"
    tesseract = find_tesseract()
    languages = tesseract.languages if tesseract is not None else ()
    if tesseract is not None:
        found = ", ".join(SCRIPTS[language] for language in languages)
        detail += f"; {found} ({tesseract.version})"
    missing = {code: script for code, script in SCRIPTS.items() if code not in languages}
    remedy = (
        f"to read {', '.join(missing.values())} too, install tesseract's languages"
        f" {', '.join(missing)}"
    )
    return Finding("text in images", True, detail, remedy if missing else "")


def _cache() -> Finding:
    folder = cache_folder()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    if not (existing.is_dir() and os.access(existing, os.W_OK)):
        remedy = "set SENRYU_CACHE_DIR to a folder that can be written"
        return Finding("cache folder", False, f"{folder} cannot be written", remedy)
    free = psutil.disk_usage(str(existing)).free
    enough = free >= _LEAST_DISK
    remedy = "" if enough else "free some space, or set SENRYU_CACHE_DIR to another disk"
    return Finding("cache folder", enough, f"{folder}, {free / 1e9:.1f} GB free", remedy)


def _configuration(config: Path | None) -> list[Finding]:
    try:
        settings = load_settings(config)
    except StartupError as error:
        detail = "; ".join(str(error).splitlines())
        return [Finding("configuration", False, detail, "docs/configuration.md lists all settings")]
    models = ", ".join(model.source for model in settings.models)
    return [Finding("configuration", True, f"serves {models}"), _port(settings)]


def _port(settings: Settings) -> Finding:
    place = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        remedy = "stop what uses it (perhaps a running Senryu), or choose another with --port"
        return Finding("port", False, f"{place}: {error.strerror}", remedy)
    return Finding("port", True, f"{place} is free")
