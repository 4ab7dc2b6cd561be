"""The images and documents of a request, checked against the limits, and read.

What comes of them is text, or pictures for a model that sees.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from senryu.core import Image
from senryu.documents.facts import MAX_SIDE, ImageFacts, UnreadableError
from senryu.errors import ImageDimensionsTooLargeError, InvalidRequestError
from senryu.messages.fetching import Fetched, Fetcher, Intake
from senryu.messages.resolve import LoadedModel
from senryu.messages.walk import sources
from senryu.wire.blocks import ContentSource, DocumentBlockParam, DocumentSource, ImageBlockParam
from senryu.wire.requests import CountTokensRequest
from senryu.wire.sources import (
    Base64ImageSource,
    ImageSource,
    PlainTextSource,
)

__all__ = ["Attachments", "ReadImage", "read_attachments"]

_T = TypeVar("_T")

# API: vision and PDF support, limits. Models with a window of up to 200,000 tokens take fewer.
_SMALL_WINDOW: Final = 200_000
_MAX_IMAGES: Final = (100, 600)
_MAX_PAGES: Final = (100, 600)
_MANY_IMAGES: Final = 20
_MAX_SIDE_OF_MANY: Final = 2000
_MAX_SIDE_AS_IS: Final = 1568
_MAX_SHOWN_PIXELS: Final = 1600 * 750  # the most tokens of an image, by the API's pixels a token
_PDF = "application/pdf"
_TEXTS = frozenset({"application/json", "application/xml", "application/yaml"})
_MAX_ASPECT: Final = 32  # ours: projectors that cut images into squares fail at thinner ones


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
        images: what is written in every image, for models that cannot see.
        pictures: every image as it is shown to a model that sees.
        pages: the text of each page of every PDF.
        words: the text of every uploaded text.
    """

    images: Mapping[ImageSource, ReadImage] = field(default_factory=dict[ImageSource, ReadImage])
    pictures: Mapping[ImageSource, Image] = field(default_factory=dict[ImageSource, Image])
    pages: Mapping[DocumentSource, tuple[str, ...]] = field(
        default_factory=dict[DocumentSource, tuple[str, ...]]
    )
    words: Mapping[DocumentSource, str] = field(default_factory=dict[DocumentSource, str])

    def texts(self, source: DocumentSource | str) -> tuple[str, ...] | None:
        """A document's text, or its pages; None if it is made of blocks."""
        if isinstance(source, PlainTextSource):
            return (source.data,)
        if isinstance(source, str | ContentSource):
            return None
        return self.pages[source] if self.has_pages(source) else (self.words[source],)

    def has_pages(self, source: DocumentSource | str) -> bool:
        """Whether a source is a PDF."""
        return not isinstance(source, str | ContentSource) and source in self.pages


async def read_attachments(
    request: CountTokensRequest, model: LoadedModel, *, intake: Intake, workspace: str
) -> Attachments:
    """Everything that a request's images and documents say.

    Raises:
        InvalidRequestError: there are too many, or one is too large, cannot be read, or is not what
            it is said to be; the message names its place.
        NotFoundError: there is no such file in the workspace.
        OverloadedError: too many files wait to be read.
        StorageError: what is kept cannot be read.
    """
    found = list(sources(request))
    images = [(path, block) for path, block in found if isinstance(block, ImageBlockParam)]
    documents = [
        (path, block)
        for path, block in found
        if isinstance(block, DocumentBlockParam)
        and not isinstance(block.source, PlainTextSource | ContentSource)
    ]
    if images and model.images == "refuse":
        raise InvalidRequestError(
            f"{images[0][0]}: this model takes no images; describe them in words, or have them"
            ' read with `images = "read"` in the server\'s configuration'
        )
    if not images and not documents:
        return Attachments()
    async with intake.reader.admitted():
        work = _Work(intake, workspace, is_small=model.info.window <= _SMALL_WINDOW)
        read = await work.documents(documents)
        if model.images == "native":
            return replace(read, pictures=await work.pictures(images))
        return replace(read, images=await work.images(images))


class _Work:
    """Reads the files of one request, each once however often it is named.

    Arguments:
        intake: where they come from and who reads them.
        workspace: whose they are.
        is_small: whether the model's window counts as a small one.
    """

    def __init__(self, intake: Intake, workspace: str, *, is_small: bool) -> None:
        self._reader = intake.reader
        self._fetcher = Fetcher(intake, workspace)
        self._workspace = workspace
        self._is_small = is_small

    async def images(
        self, images: list[tuple[str, ImageBlockParam]]
    ) -> dict[ImageSource, ReadImage]:
        """Each image's text."""
        files, facts = await self._examined(images)
        texts = await _all(self._read(file) for file in files.values())
        return {
            source: ReadImage(facts[source], text)
            for source, text in zip(files, texts, strict=True)
        }

    async def pictures(self, images: list[tuple[str, ImageBlockParam]]) -> dict[ImageSource, Image]:
        """Each image as it is shown."""
        files, facts = await self._examined(images)
        shown = await _all(self._prepare(file, facts[source]) for source, file in files.items())
        return dict(zip(files, shown, strict=True))

    async def _examined(
        self, images: list[tuple[str, ImageBlockParam]]
    ) -> tuple[dict[ImageSource, Fetched], dict[ImageSource, ImageFacts]]:
        """Each image's file, and what it is, if all are within the limits."""
        most = _MAX_IMAGES[not self._is_small]
        if len(images) > most:
            raise InvalidRequestError(f"messages: {len(images)} images; at most {most} are taken")
        files = {block.source: await self._fetcher.fetch(path, block) for path, block in images}
        facts = await _all(self._examine(source, file) for source, file in files.items())
        known = dict(zip(files, facts, strict=True))
        _check_sizes(images, known)
        return files, known

    async def documents(self, documents: list[tuple[str, DocumentBlockParam]]) -> Attachments:
        """Each document's pages or text; the limit of pages is for all of them together."""
        left = most = _MAX_PAGES[not self._is_small]
        pages: dict[DocumentSource, tuple[str, ...]] = {}
        words: dict[DocumentSource, str] = {}
        for path, block in documents:
            if block.source in pages or block.source in words:
                continue
            file = await self._fetcher.fetch(path, block)
            if file.media_type != _PDF:
                words[block.source] = _text_of(file)
                continue
            reading = self._reader.read_pdf(file.data, max_pages=most, workspace=self._workspace)
            pages[block.source] = await _named(file.place, reading)
            left -= len(pages[block.source])
            if left < 0:
                raise InvalidRequestError(
                    f"{file.place}: the request's PDFs have more than {most} pages together"
                )
        return Attachments(pages=pages, words=words)

    async def _examine(self, source: ImageSource, file: Fetched) -> ImageFacts:
        """What an image is; an uploaded one may have been called anything."""
        media_type = file.media_type if isinstance(source, Base64ImageSource) else None
        examining = self._reader.examine_image(file.data, media_type, workspace=self._workspace)
        return await _named(file.place, examining)

    async def _prepare(self, file: Fetched, facts: ImageFacts) -> Image:
        """An image as it is shown, scaled down as the API says."""
        width, height = _shown_size(facts)
        preparing = self._reader.prepare_image(
            file.data, width=width, height=height, workspace=self._workspace
        )
        return Image.of(await _named(file.place, preparing), width, height)

    async def _read(self, file: Fetched) -> str:
        reading = self._reader.read_image(file.data, workspace=self._workspace)
        return await _named(file.place, reading)


def _text_of(file: Fetched) -> str:
    """The text of an uploaded file that is one."""
    is_text = file.media_type.startswith("text/") or file.media_type in _TEXTS
    if not is_text:
        raise InvalidRequestError(
            f"{file.place}: a file of type {file.media_type} cannot be a document; upload a PDF or"
            " a text, with its type"
        )
    try:
        return file.data.decode("utf-8-sig").replace("\0", "\ufffd")
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{file.place}: the text is not in UTF-8; convert it") from None


def _shown_size(facts: ImageFacts) -> tuple[int, int]:
    """The size an image is shown at: its own, unless that is too large (API: vision) or thin."""
    longest, pixels = max(facts.width, facts.height), facts.width * facts.height
    scale = min(1.0, _MAX_SIDE_AS_IS / longest, (_MAX_SHOWN_PIXELS / pixels) ** 0.5)
    least = int(longest * scale) // _MAX_ASPECT
    return max(1, least, int(facts.width * scale)), max(1, least, int(facts.height * scale))


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
