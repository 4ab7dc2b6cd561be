"""The journal of an evaluation: a file that gains a line for each trial, and loses none.

A trial is done when its line is on the disk. What a crash leaves of a line that was being written
is cut off when the journal is opened again, and its trial is done again. Every line names the
protocol that it belongs to, so that no score is counted under another one. The only part of the
evaluations' core that touches a file; what lines mean is ``protocol``'s.
"""

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import msgspec
from filelock import FileLock, Timeout

from senryu.evals.protocol import Collected, Protocol, Trial, collect

__all__ = ["Journal", "JournalError", "read_journal"]


class JournalError(Exception):
    """A journal that cannot be used; the message says which line is wrong and what to do."""


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    protocol: str
    trial: Trial


class Journal:
    """A journal that is open for one protocol and held by one process.

    Arguments:
        path: the file; it and its folder are made where they are missing.
        protocol: what it records.

    Attributes:
        collected: what it held when it was opened.
        num_cut_bytes: how much of a torn last line was cut off then.

    Raises:
        JournalError: another process holds it, it belongs to another protocol, or it is damaged.
        OSError: the file cannot be used.
    """

    def __init__(self, path: Path, protocol: Protocol) -> None:
        self._protocol = protocol
        self._encoder = msgspec.json.Encoder()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path.with_name(f"{path.name}.lock"), thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise JournalError(f"another process is writing {path}; wait until it ends") from None
        with ExitStack() as undo:
            undo.callback(self._lock.release)
            self._file = undo.enter_context(path.open("ab", buffering=0))
            content = path.read_bytes()
            self.collected = _read(path, content, protocol)
            whole = content.rfind(b"\n") + 1
            self.num_cut_bytes = len(content) - whole
            self._file.truncate(whole)
            _sync_folder(path.parent)
            undo.pop_all()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def record(self, trial: Trial) -> None:
        """Write what became of a trial; when this returns it is on the disk.

        Raises:
            ValueError: it is no trial of the protocol, or the journal is closed.
            OSError: it could not be written. The journal is closed, for its last line may be torn;
                opening it again mends that.
        """
        if trial.id not in self._protocol:
            raise ValueError(f"{trial.id} is no trial of {self._protocol.benchmark}")
        line = self._encoder.encode(_Line(self._protocol.digest, trial)) + b"\n"
        try:
            written = self._file.write(line)
            if written != len(line):
                raise OSError(f"only {written} of {len(line)} bytes could be written")
            os.fsync(self._file.fileno())
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and let others have it."""
        self._file.close()
        self._lock.release()


def read_journal(path: Path, protocol: Protocol) -> Collected:
    """What a journal holds, also while it is being written.

    Raises:
        JournalError: it belongs to another protocol, or it is damaged.
        OSError: it cannot be read.
    """
    return _read(path, path.read_bytes(), protocol)


def _read(path: Path, content: bytes, protocol: Protocol) -> Collected:
    decoder = msgspec.json.Decoder(_Line)
    trials: list[Trial] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            found = decoder.decode(line)
        except msgspec.DecodeError as error:
            raise JournalError(
                f"line {number} of {path} is damaged ({error}); without it its trial is done again"
            ) from error
        if found.protocol != protocol.digest:
            raise JournalError(
                f"line {number} of {path} belongs to another protocol ({found.protocol[:12]}, "
                f"not {protocol.digest[:12]}); use a journal of its own for each"
            )
        trials.append(found.trial)
    try:
        return collect(protocol, trials)
    except ValueError as error:
        raise JournalError(f"{path}: {error}") from error


def _sync_folder(folder: Path) -> None:
    """Have the file's name on the disk too: a new file could else be lost with its lines."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
