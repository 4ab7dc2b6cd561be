"""What crosses the socket between the supervisor and its worker: typed frames, both ways.

A frame is a four-byte big-endian length and one msgpack map, tagged with its class's name. Values
of ``core`` travel as they are. This module knows no socket, no process and no native code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from senryu.core import CachedPrefix, Chunk, EngineInfo, Job, Prompt, PromptTokens
from senryu.engine.base import EngineStatus

__all__ = [
    "Accepted",
    "Audit",
    "Audited",
    "Cached",
    "Cancel",
    "Failed",
    "Forget",
    "FrameBuffer",
    "FromWorker",
    "Generate",
    "JobChunk",
    "ListCache",
    "Load",
    "Ready",
    "Refused",
    "Rejected",
    "Report",
    "Stop",
    "ToWorker",
    "Tokenize",
    "Tokenized",
    "WorkerConfig",
    "decode_from_worker",
    "decode_to_worker",
    "encode",
]

_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker loads and how much of the machine it may use.

    Arguments:
        source: ``embedded``, a path to a GGUF file, or ``hf:ORG/REPO[:FILE]``.
        projector: the path of the file by which the model sees, ``none`` to do without; None looks
            for one beside the model.
        window: tokens one request may use, bounded by ``cells``; None takes the training context.
        cells: tokens of KV memory shared by all requests; None chooses from the free memory.
        max_running: requests that generate at the same time, at most 192.
        max_queued: requests that may wait beyond those.
        threads: native threads; None takes the machine's physical cores.
        cache_entries: finished sequences kept for their prefixes; 0 turns reuse off.
        step_tokens: prompt tokens of a step in which nothing decodes.
        prefill_chunk: prompt tokens of a step in which something decodes, more where many prompts
            wait and few streams run: what a running stream
            waits for when a long prompt arrives.
        ram_bytes: memory for cached prefixes outside KV memory; None takes an eighth of what is
            free.
        disk_bytes: disk for those that requests asked to keep, so that they outlive the process;
            0 for none.
        speculation: whether replies that repeat their prompt are computed several tokens at once.
        calibrate: whether threads, micro-batch and attention are chosen by measuring the model on
            this machine: when it is first loaded, at each start, or never.
        batch_invariant: whether a greedy reply must be the same alone and in company. It holds
            attention to the one native kernel path of which that is true, which is slower.
    """

    source: str = "embedded"
    projector: str | None = None
    window: int | None = None
    cells: int | None = None
    max_running: int = 64
    max_queued: int = 256
    threads: int | None = None
    cache_entries: int = 64
    step_tokens: int = 512
    prefill_chunk: int = 128
    ram_bytes: int | None = None
    disk_bytes: int = 0
    speculation: bool = True
    calibrate: Literal["once", "again", "off"] = "off"
    batch_invariant: bool = False


class Load(msgspec.Struct, frozen=True, tag=True):
    """The first frame to a worker, sent once."""

    config: WorkerConfig


class Tokenize(msgspec.Struct, frozen=True, tag=True):
    """Answered by ``Tokenized`` with the same id; pictures need no files here."""

    id: int
    prompt: Prompt


class Generate(msgspec.Struct, frozen=True, tag=True):
    """Answered by ``Accepted``, ``Rejected`` or ``Refused`` with the job's id."""

    job: Job


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Not answered; nothing is sent for this job once it has been read."""

    job_id: str


class Audit(msgspec.Struct, frozen=True, tag=True):
    """Answered by ``Audited`` with the same id."""

    id: int


class ListCache(msgspec.Struct, frozen=True, tag=True):
    """Answered by ``Cached`` with the same id."""

    id: int
    workspace: str


class Forget(msgspec.Struct, frozen=True, tag=True):
    """Drop a workspace's cached prefixes; answered by ``Cached`` with the same id."""

    id: int
    workspace: str


class Stop(msgspec.Struct, frozen=True, tag=True):
    """Write down what should outlive the process, then exit; jobs in flight are lost."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The model is loaded."""

    info: EngineInfo


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The model cannot be loaded; the worker exits after this."""

    message: str


class Tokenized(msgspec.Struct, frozen=True, tag=True):
    """A prompt's tokens; none and a problem, where it shows a picture that cannot be shown."""

    id: int
    tokens: PromptTokens
    problem: str = ""


class Accepted(msgspec.Struct, frozen=True, tag=True):
    """The job is queued or running."""

    job_id: str


class Rejected(msgspec.Struct, frozen=True, tag=True):
    """The queue is full."""

    job_id: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The job cannot be done; the message says why."""

    job_id: str
    message: str


class Audited(msgspec.Struct, frozen=True, tag=True):
    """The outcome of an audit: ``problem`` is empty when every cell is accounted for."""

    id: int
    problem: str


class Cached(msgspec.Struct, frozen=True, tag=True):
    """What is kept of a workspace's prompts."""

    id: int
    prefixes: tuple[CachedPrefix, ...]


class JobChunk(msgspec.Struct, frozen=True, array_like=True):
    """A chunk and whose it is; with ``error`` the reply is lost behind it, which says why."""

    job_id: str
    chunk: Chunk
    error: str = ""


class Report(msgspec.Struct, frozen=True, tag=True):
    """Everything one step produced, and the load after it; None where that was told just before."""

    chunks: list[JobChunk]
    status: EngineStatus | None


ToWorker = Load | Tokenize | Generate | Cancel | Audit | ListCache | Forget | Stop
FromWorker = Ready | Failed | Tokenized | Accepted | Rejected | Refused | Audited | Cached | Report

_encoder = msgspec.msgpack.Encoder()
_to_worker = msgspec.msgpack.Decoder[ToWorker](ToWorker)
_from_worker = msgspec.msgpack.Decoder[FromWorker](FromWorker)


def encode(frame: ToWorker | FromWorker) -> bytes:
    """The frame's bytes, length included."""
    body = _encoder.encode(frame)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def decode_to_worker(body: bytes) -> ToWorker:
    """The frame in ``body``; raises ``msgspec.MsgspecError`` when it is none."""
    return _to_worker.decode(body)


def decode_from_worker(body: bytes) -> FromWorker:
    """The frame in ``body``; raises ``msgspec.MsgspecError`` when it is none."""
    return _from_worker.decode(body)


class FrameBuffer:
    """Cuts a byte stream, however it was split, into frame bodies."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take more bytes and yield every body that is now complete."""
        self._bytes += data
        while len(self._bytes) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._bytes[:_LENGTH_BYTES], "big")
            if len(self._bytes) < end:
                return
            body = bytes(self._bytes[_LENGTH_BYTES:end])
            del self._bytes[:end]
            yield body
