"""Calibrations in the cache folder: found for a model and machine, or measured and kept.

Nothing here keeps a model from being loaded: what goes wrong costs the calibration and gets a log
line. It knows no native code and loads no model.
"""

import hashlib
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import psutil
from filelock import FileLock, Timeout

from senryu.engine.cache_folder import cache_folder
from senryu.engine.llama.calibration import (
    Calibration,
    Choices,
    Measure,
    Unmeasurable,
    calibrate,
    describe,
)
from senryu.engine.llama.fingerprint import file_fingerprint

__all__ = [
    "CalibrationMode",
    "Key",
    "find_calibration",
    "load_calibration",
    "make_key",
    "processor_is_busy",
    "save_calibration",
    "stored_calibrations",
]

CalibrationMode = Literal["once", "again", "off"]

_logger = logging.getLogger(__name__)

_VERSION = 1  # of the file and of how it is measured
_LOCK_TIMEOUT_S = 60.0
_BUSY_LOOK_S = 0.3
_BUSY_PERCENT = 60.0  # of all cores
_MAX_ATTEMPTS = 2  # a measurement may kill the process; after so many the defaults are used


@dataclass(frozen=True, slots=True)
class Key:
    """What a calibration holds for: any difference asks for another one.

    Arguments:
        model: the file's name.
        fingerprint: tells the file from others.
        processor: the processor's name.
        library: the native library's version and what it was compiled for.
        batch_invariant: whether replies must not depend on their company.
        choices: what could be chosen; it holds the number of cores and what the user has set.
    """

    model: str
    fingerprint: str
    processor: str
    library: str
    batch_invariant: bool
    choices: Choices

    @property
    def file(self) -> Path:
        """Where its calibration is stored."""
        digest = hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]
        return _folder() / f"{Path(self.model).stem[:80]}.{digest}.json"


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file's content.

    Arguments:
        version: of the format.
        key: what it is for.
        attempts: measurements that were begun since the last one that ended.
        calibration: what that one found, if there was one.
    """

    version: Literal[1]
    key: Key
    attempts: int
    calibration: Calibration | None

    def __post_init__(self) -> None:
        if self.calibration and not self.key.choices.allow(self.calibration.options):
            raise ValueError("options that were no choice")


def make_key(path: Path, choices: Choices, *, library: str, batch_invariant: bool) -> Key:
    """The key of a model file on this machine.

    Arguments:
        path: the file, of a split model the first part.
        choices: see ``Key``, as the others are.

    Raises:
        OSError: the file cannot be read.
    """
    return Key(path.name, file_fingerprint(path), _processor(), library, batch_invariant, choices)


def processor_is_busy() -> bool:
    """Whether other programs use so much of the processor that nothing can be measured."""
    return psutil.cpu_percent(interval=_BUSY_LOOK_S) > _BUSY_PERCENT


def find_calibration(
    key: Key,
    measure: Measure,
    mode: CalibrationMode = "once",
    *,
    is_busy: Callable[[], bool] = processor_is_busy,
) -> Calibration:
    """The stored calibration, or one measured and stored now, or the defaults.

    It fails for no reason that lies in files, the machine or the model.

    Arguments:
        key: what it is for.
        measure: measures options.
        mode: ``once`` measures if nothing is stored, ``again`` always, ``off`` never.
        is_busy: whether it is no moment to measure; asked before.
    """
    defaults = Calibration(key.choices.defaults)
    if mode == "off":
        return defaults
    if mode == "once" and (calibration := load_calibration(key)):
        return calibration
    try:
        _folder().mkdir(parents=True, exist_ok=True)
        # Two models that are measured at the same time would measure each other.
        with FileLock(_folder() / "lock", timeout=_LOCK_TIMEOUT_S):
            return _find(key, measure, mode=mode, is_busy=is_busy) or defaults
    except (OSError, Timeout) as error:
        _logger.warning("no calibration, defaults are used: %s", error)
        return defaults


def load_calibration(key: Key) -> Calibration | None:
    """The stored calibration, None if there is none that can be used."""
    stored = _read(key.file)
    return stored.calibration if stored and stored.key == key else None


def save_calibration(key: Key, calibration: Calibration) -> None:
    """Store a calibration, atomically.

    Raises:
        OSError: it cannot be written.
    """
    _write(_Stored(_VERSION, key, 0, calibration))


def stored_calibrations() -> list[tuple[Key, Calibration]]:
    """All stored calibrations that can be read, by model name."""
    files = sorted(_folder().glob("*.json"))
    found = [stored for stored in map(_read, files) if stored]
    return [(stored.key, stored.calibration) for stored in found if stored.calibration]


def _find(
    key: Key, measure: Measure, *, mode: CalibrationMode, is_busy: Callable[[], bool]
) -> Calibration | None:
    stored = _read(key.file)
    former, attempts = None, 0
    if stored and stored.key == key:
        former, attempts = stored.calibration, stored.attempts
    if former and mode == "once":  # another process made it meanwhile
        return former
    if attempts >= _MAX_ATTEMPTS:
        _logger.warning(
            "measuring this model has ended its process before; to try it again, delete %s",
            key.file,
        )
        return former
    if is_busy():
        _logger.warning("the processor is too busy now to measure a model")
        return former
    _write(_Stored(_VERSION, key, attempts + 1, former))
    began = time.monotonic()
    calibration = _measured(key, measure)
    if calibration:
        _logger.info("calibrated in %.1f s: %s", time.monotonic() - began, describe(calibration))
        save_calibration(key, calibration)
    elif former:
        save_calibration(key, former)
    else:
        key.file.unlink(missing_ok=True)
    return calibration or former


def _measured(key: Key, measure: Measure) -> Calibration | None:
    try:
        calibration = calibrate(measure, key.choices)
    except Unmeasurable as error:
        _logger.warning("this model cannot be measured: %s", error)
        return None
    if calibration is None:
        _logger.warning("measurements of the same differ too much to be of use")
    return calibration


def _folder() -> Path:
    return cache_folder() / "calibration"


def _read(file: Path) -> _Stored | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Stored)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        _logger.warning("%s is no calibration that can be used: %s", file, error)
        return None


def _write(stored: _Stored) -> None:
    file = stored.key.file
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(stored)))
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()
