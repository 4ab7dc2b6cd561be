"""What a model sees: the rows that pictures are computed from, made beside the steps.

One thread encodes, a picture at a time; the runner's thread asks, and nobody waits. The rows of the
last pictures are kept, and those that a job needs next belong to it until they are computed. It
knows neither memory nor batches.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from senryu.core import Image, Job
from senryu.engine.llama.binding import NativeError
from senryu.engine.llama.cache import as_tokens
from senryu.engine.llama.pictures import SightError, Span, find_spans, picture_tokens
from senryu.engine.llama.vision_binding import Embeddings, PictureRun, Run

__all__ = ["Encoder", "Eyes"]

_KEPT_BYTES = 256 << 20
_KEPT_LAYOUTS = 128


class Encoder(Protocol):
    """A loaded projector."""

    @property
    def is_whole(self) -> bool:
        """Whether a run has to be computed in one batch."""
        ...

    def layout(self, width: int, height: int) -> tuple[Run, ...]:
        """What a picture of this size consists of. Safe from any thread."""
        ...

    def encode(self, image: Image) -> list[Embeddings]:
        """The rows of each of a picture's runs. From one thread at a time."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """A run of a picture in a job's prompt: its number among the picture's."""

    image: Image
    index: int
    run: PictureRun


@dataclass(slots=True)
class _Viewer:
    """A job's pictures by the places where their runs begin, and the rows that it needs next."""

    shown: dict[int, _Shown]
    rows: dict[int, Embeddings] = field(default_factory=dict[int, Embeddings])


class Eyes:
    """Pictures in prompts, for one model.

    Arguments:
        encoder: makes the rows.
        max_run: tokens of a run at most; 0 for any number.
        wake: called from the encoding thread when a picture was encoded, or could not be.
        kept_bytes: rows of the last pictures that are kept.
    """

    def __init__(
        self,
        encoder: Encoder,
        *,
        wake: Callable[[], None],
        max_run: int = 0,
        kept_bytes: int = _KEPT_BYTES,
    ) -> None:
        self.is_whole = encoder.is_whole
        self._encoder = encoder
        self._wake = wake
        self._max_run = max_run
        self._kept_bytes = kept_bytes
        self._lock = threading.Lock()
        self._layouts: OrderedDict[tuple[int, int], tuple[Run, ...]] = OrderedDict()
        self._kept: OrderedDict[str, list[Embeddings]] = OrderedDict()
        self._num_bytes = 0
        self._failed: dict[str, str] = {}
        self._under_way: set[str] = set()
        self._viewers: dict[str, _Viewer] = {}
        self._thread = ThreadPoolExecutor(1, "eyes")

    def tokens(self, image: Image) -> tuple[int, ...]:
        """A picture's tokens, with the model's own markers around it. Safe from any thread.

        Raises:
            SightError: the model has no form for such a picture.
        """
        return tuple(token for part, _ in self._parts(image) for token in part)

    def open(self, job: Job) -> tuple[Span, ...]:
        """Where a job's pictures lie in its prompt.

        Raises:
            SightError: its tokens and its pictures do not belong together.
        """
        tokens = as_tokens(job.tokens)
        if not len(tokens) or tokens.min() >= 0:
            return ()
        spans = find_spans(tokens)
        known = {
            part: _Shown(image, index, run)
            for image in job.images
            for index, (part, run) in enumerate(_runs(self._parts(image)))
        }
        found = {start: known.get(job.tokens[start:end]) for start, end in spans}
        shown = {start: run for start, run in found.items() if run is not None}
        if sum(run.run.num_tokens for run in shown.values()) < np.count_nonzero(tokens < 0):
            raise SightError("the prompt shows a picture that the job does not have")
        self._viewers[job.id] = _Viewer(shown)
        return tuple(Span(start, end, shown[start].run.num_positions) for start, end in spans)

    def close(self, job_id: str) -> None:
        """Forget a job; one without pictures is none."""
        self._viewers.pop(job_id, None)

    def look(self, job_id: str, starts: Sequence[int]) -> bool:
        """Have pictures encoded that a job needs next; True if the first of them is ready.

        Arguments:
            job_id: the job.
            starts: where their runs begin in its prompt, the first needed first. What it needed
                before is given up.
        """
        viewer = self._viewers[job_id]
        viewer.rows = {start: rows for start, rows in viewer.rows.items() if start in starts}
        for start in starts:
            if start not in viewer.rows:
                self._fetch(viewer, start)
        return not starts or starts[0] in viewer.rows

    def rows(self, job_id: str, start: int) -> tuple[Embeddings, PictureRun]:
        """The rows of the run that begins at ``start``, which were ready, and what it is."""
        viewer = self._viewers[job_id]
        return viewer.rows[start], viewer.shown[start].run

    def take_failures(self) -> list[tuple[str, str]]:
        """Jobs that need a picture that could not be encoded, and why; each is told once."""
        if not self._failed:
            return []
        with self._lock:
            failed, self._failed = self._failed, {}
        needed = {
            job_id: {shown.image.digest for shown in viewer.shown.values()} & failed.keys()
            for job_id, viewer in self._viewers.items()
        }
        return [(job_id, failed[min(digests)]) for job_id, digests in needed.items() if digests]

    def _fetch(self, viewer: _Viewer, start: int) -> None:
        shown = viewer.shown[start]
        digest = shown.image.digest
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                viewer.rows[start] = self._kept[digest][shown.index]
            elif digest not in self._under_way:
                self._under_way.add(digest)
                self._thread.submit(self._encode, shown.image)

    def _encode(self, image: Image) -> None:
        rows: list[Embeddings] = []
        problem = "it cannot be encoded"
        try:
            rows, problem = self._encoder.encode(image), ""
        except NativeError as error:
            problem = str(error)
        finally:
            with self._lock:
                self._under_way.remove(image.digest)
                if problem:
                    self._failed[image.digest] = problem
                else:
                    self._keep(image.digest, rows)
            self._wake()

    def _keep(self, digest: str, rows: list[Embeddings]) -> None:
        self._kept[digest] = rows
        self._num_bytes += _size(rows)
        while self._num_bytes > self._kept_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._num_bytes -= _size(oldest)

    def _parts(self, image: Image) -> list[tuple[tuple[int, ...], Run]]:
        """The tokens of each part of a picture."""
        parts: list[tuple[tuple[int, ...], Run]] = []
        index = 0
        for run in self._layout(image):
            if isinstance(run, PictureRun):
                parts.append((picture_tokens(image.digest, index, run.num_tokens), run))
                index += 1
            else:
                parts.append((run, run))
        return parts

    def _layout(self, image: Image) -> tuple[Run, ...]:
        size = image.width, image.height
        with self._lock:
            found = self._layouts.get(size)
        if found is not None:
            return found
        try:
            layout = self._encoder.layout(*size)
        except NativeError as error:
            raise SightError(f"this model cannot be shown this picture: {error}") from None
        longest = max((run.num_tokens for run in layout if isinstance(run, PictureRun)), default=0)
        if self._max_run and longest > self._max_run:
            raise SightError(
                f"a picture of {longest} tokens is more than this model can be shown at once:"
                f" {self._max_run}; make it smaller"
            )
        with self._lock:
            self._layouts[size] = layout
            while len(self._layouts) > _KEPT_LAYOUTS:
                self._layouts.popitem(last=False)
        return layout


def _runs(
    parts: Iterable[tuple[tuple[int, ...], Run]],
) -> list[tuple[tuple[int, ...], PictureRun]]:
    return [(tokens, run) for tokens, run in parts if isinstance(run, PictureRun)]


def _size(rows: Iterable[Embeddings]) -> int:
    return sum(each.nbytes for each in rows)
