"""The images and documents of a request: fetched, checked against the limits, and read.

What comes of it is text, because models without eyes are to know what an image says too.
"""

import asyncio
import binascii
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from senryu.documents.facts import MAX_SIDE, ImageFacts, UnreadableError
from senryu.documents.reader import Reader
from senryu.errors import ImageDimensionsTooLargeError, InvalidRequestError
from senryu.messages.resolve import LoadedModel
from senryu.messages.walk import sources
from senryu.wire.blocks import DocumentBlockParam, ImageBlockParam
from senryu.wire.requests import CountTokensRequest
from senryu.wire.sources import Base64ImageSource, Base64PdfSource, ImageSource

__all__ = ["Attachments", "ReadImage", "read_attachments"]

_T = TypeVar("_T")

# API: vision and PDF support, limits. Models with a window of up to 200,000 tokens take fewer.
_SMALL_WINDOW: Final = 200_000
_MAX_IMAGES: Final = (100, 600)
_MAX_PAGES: Final = (100, 600)
_MAX_IMAGE_BYTES: Final = 5 * 1024 * 1024
_MAX_PDF_BYTES: Final = 32 * 1024 * 1024
_MANY_IMAGES: Final = 20
_MAX_SIDE_OF_MANY: Final = 2000
_MAX_SIDE_AS_IS: Final = 1568
_WHITE_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class ReadImage:
    """What an image says.

    Arguments:
        facts: its size.
        text: what is written in it; empty if nothing is.
    """

    facts: ImageFacts
    text: str


@dataclass(frozen=True, slots=True)
class Attachments:
    """What was read of a request's files, by where they came from.

    Arguments:
        images: every image.
        pages: the text of each page of every PDF.
    """

    images: Mapping[ImageSource, ReadImage] = field(default_factory=dict[ImageSource, ReadImage])
    pages: Mapping[Base64PdfSource, tuple[str, ...]] = field(
        default_factory=dict[Base64PdfSource, tuple[str, ...]]
    )


async def read_attachments(
    request: CountTokensRequest, model: LoadedModel, *, reader: Reader, workspace: str
) -> Attachments:
    """Everything that a request's images and PDFs say.

    Raises:
        InvalidRequestError: there are too many, or one is too large, cannot be read, or is not what
            it is said to be; the message names its place.
        OverloadedError: too many files wait to be read.
    """
    images = [
        (path, block) for path, block in sources(request) if isinstance(block, ImageBlockParam)
    ]
    pdfs = [
        (_place(path, block), block.source)
        for path, block in sources(request)
        if isinstance(block, DocumentBlockParam) and isinstance(block.source, Base64PdfSource)
    ]
    work = _Work(reader, workspace, is_small=model.info.window <= _SMALL_WINDOW)
    if images and not model.reads_images:
        raise InvalidRequestError(
            f"{images[0][0]}: this model takes no images; describe them in words, or have them"
            ' read with `images = "read"` in the server\'s configuration'
        )
    read_images = await work.images(images) if images else {}
    return Attachments(read_images, await work.pages(pdfs) if pdfs else {})


@dataclass(frozen=True, slots=True)
class _Work:
    """How files are read for one request.

    Arguments:
        reader: who does it.
        workspace: whose files they are.
        is_small: whether the model's window counts as a small one.
    """

    reader: Reader
    workspace: str
    is_small: bool

    async def images(
        self, images: list[tuple[str, ImageBlockParam]]
    ) -> dict[ImageSource, ReadImage]:
        """Each image's text."""
        most = _MAX_IMAGES[not self.is_small]
        if len(images) > most:
            raise InvalidRequestError(f"messages: {len(images)} images; at most {most} are taken")
        files: dict[ImageSource, tuple[str, bytes]] = {}
        for path, block in images:
            place = _place(path, block)
            files[block.source] = place, await _bytes(place, block.source, _MAX_IMAGE_BYTES)
        facts = await _all(self._examine(source, *file) for source, file in files.items())
        known = dict(zip(files, facts, strict=True))
        _check_sizes(images, known)
        texts = await _all(self._read(*file) for file in files.values())
        return {
            source: ReadImage(known[source], text)
            for source, text in zip(files, texts, strict=True)
        }

    async def pages(
        self, pdfs: list[tuple[str, Base64PdfSource]]
    ) -> dict[Base64PdfSource, tuple[str, ...]]:
        """Each PDF's pages; the limit is for all of them together."""
        left = most = _MAX_PAGES[not self.is_small]
        read: dict[Base64PdfSource, tuple[str, ...]] = {}
        for place, source in pdfs:
            data = await _bytes(place, source, _MAX_PDF_BYTES)
            read[source] = await _named(
                place, self.reader.read_pdf(data, max_pages=most, workspace=self.workspace)
            )
            left -= len(read[source])
            if left < 0:
                raise InvalidRequestError(
                    f"{place}: the request's PDFs have more than {most} pages together"
                )
        return read

    async def _examine(self, source: ImageSource, place: str, data: bytes) -> ImageFacts:
        media_type = source.media_type if isinstance(source, Base64ImageSource) else None
        return await _named(
            place, self.reader.examine_image(data, media_type, workspace=self.workspace)
        )

    async def _read(self, place: str, data: bytes) -> str:
        return await _named(place, self.reader.read_image(data, workspace=self.workspace))


def _place(path: str, block: ImageBlockParam | DocumentBlockParam) -> str:
    return f"{path}.{block.type}.source.base64.data"


async def _bytes(place: str, source: object, most: int) -> bytes:
    """The file that a source names."""
    assert isinstance(source, Base64ImageSource | Base64PdfSource)  # the others were refused
    try:
        data = await asyncio.to_thread(_decoded, source.data)
    except ValueError:
        raise InvalidRequestError(f"{place}: Invalid base64 data") from None
    if len(data) > most:
        raise InvalidRequestError(
            f"{place}: the file exceeds {most // 1024 // 1024} MB: {len(data)} bytes > {most} bytes"
        )
    return data


def _decoded(text: str) -> bytes:
    """Base64, in which tools put line ends."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return binascii.a2b_base64(_WHITE_SPACE.sub("", text), strict_mode=True)


def _check_sizes(
    images: list[tuple[str, ImageBlockParam]], known: Mapping[ImageSource, ImageFacts]
) -> None:
    """Whether images have the sizes that they may have, and those that are not to be scaled down.

    Raises:
        ImageDimensionsTooLargeError: not so.
    """
    most = _MAX_SIDE_OF_MANY if len(images) > _MANY_IMAGES else MAX_SIDE
    limits: dict[int, list[str]] = {}
    for path, block in images:
        facts = known[block.source]
        longest = max(facts.width, facts.height)
        as_is = block.transformations and block.transformations.oversized_image == "error"
        if longest > most:
            limits.setdefault(most, []).append(path)
        elif as_is and longest > _MAX_SIDE_AS_IS:
            limits.setdefault(_MAX_SIDE_AS_IS, []).append(path)
    for limit, paths in limits.items():
        raise ImageDimensionsTooLargeError(limit, paths)


async def _named(place: str, reading: Awaitable[_T]) -> _T:
    try:
        return await reading
    except UnreadableError as error:
        raise InvalidRequestError(f"{place}: {error}") from None


async def _all(work: Iterable[Awaitable[_T]]) -> list[_T]:
    """All results, or the first failure, with nothing left running."""
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(_coroutine(each)) for each in work]
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return [task.result() for task in running]


async def _coroutine(work: Awaitable[_T]) -> _T:
    return await work
