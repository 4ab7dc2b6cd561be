"""The images and documents of a request, checked against the limits, and read.

What comes of them is text, or pictures for a model that sees.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from senryu.core import Image
from senryu.documents.facts import MAX_SIDE, ImageFacts, Kind, Page, UnreadableError, kind_of
from senryu.errors import ImageDimensionsTooLargeError, InvalidRequestError
from senryu.messages.fetching import MAX_TOTAL_BYTES, Fetched, Fetcher, Intake
from senryu.messages.resolve import LoadedModel
from senryu.messages.walk import sources
from senryu.wire.blocks import ContentSource, DocumentBlockParam, DocumentSource, ImageBlockParam
from senryu.wire.requests import CountTokensRequest
from senryu.wire.sources import (
    Base64ImageSource,
    ImageSource,
    PlainTextSource,
)

__all__ = ["Attachments", "OpenFiles", "ReadImage", "open_files"]

_T = TypeVar("_T")

# API: vision and PDF support, limits. Models with a window of up to 200,000 tokens take fewer.
_SMALL_WINDOW: Final = 200_000
_MAX_IMAGES: Final = (100, 600)
_MAX_PAGES: Final = (100, 600)
_MANY_IMAGES: Final = 20
_MAX_SIDE_OF_MANY: Final = 2000
_MAX_SIDE_AS_IS: Final = 1568
_MAX_SHOWN_PIXELS: Final = 1600 * 750  # the most tokens of an image, by the API's pixels a token
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
        page_pictures: each page of every PDF that a model is shown; they are drawn later.
        words: the text of every other uploaded file.
    """

    images: Mapping[ImageSource, ReadImage] = field(default_factory=dict[ImageSource, ReadImage])
    pictures: Mapping[ImageSource, Image] = field(default_factory=dict[ImageSource, Image])
    pages: Mapping[DocumentSource, tuple[str, ...]] = field(
        default_factory=dict[DocumentSource, tuple[str, ...]]
    )
    page_pictures: Mapping[DocumentSource, tuple[Image, ...]] = field(
        default_factory=dict[DocumentSource, tuple[Image, ...]]
    )
    words: Mapping[DocumentSource, str] = field(default_factory=dict[DocumentSource, str])

    def texts(self, source: DocumentSource | str) -> tuple[str, ...] | None:
        """A document's text, or its pages; None if it is made of blocks."""
        if isinstance(source, PlainTextSource):
            return (source.data,)
        if isinstance(source, str | ContentSource):
            return None
        return self.pages[source] if self.has_pages(source) else (self.words[source],)

    def shown_pages(self, source: DocumentSource) -> tuple[Image, ...]:
        """The pages of a PDF that a model is shown; none of any other source."""
        return self.page_pictures.get(source, ()) if self.has_pages(source) else ()

    def has_pages(self, source: DocumentSource | str) -> bool:
        """Whether a source is a PDF."""
        return not isinstance(source, str | ContentSource) and source in self.pages


@asynccontextmanager
async def open_files(
    request: CountTokensRequest, model: LoadedModel, *, intake: Intake, workspace: str
) -> AsyncGenerator["OpenFiles"]:
    """A request's images and documents, read; in memory until the block ends.

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
    files = OpenFiles(intake, workspace, model)
    if not images and not documents:
        yield files
        return
    async with intake.reader.admitted(workspace):
        await files.read(images, documents)
        yield files


class OpenFiles:
    """The files of one request, each read once however often it is named.

    Arguments:
        intake: where they come from and who reads them.
        workspace: whose they are.
        model: who is told of them.

    Attributes:
        attachments: what was read of them.
    """

    def __init__(self, intake: Intake, workspace: str, model: LoadedModel) -> None:
        self.attachments = Attachments()
        self._reader = intake.reader
        self._fetcher = Fetcher(intake, workspace)
        self._workspace = workspace
        self._model = model
        self._is_small = model.info.window <= _SMALL_WINDOW
        self._shown: list[tuple[Fetched, tuple[Image, ...]]] = []  # PDFs whose pages are

    async def read(
        self,
        images: list[tuple[str, ImageBlockParam]],
        documents: list[tuple[str, DocumentBlockParam]],
    ) -> None:
        """Read them; raises what ``open_files`` does."""
        await self._fetcher.download([*images, *documents])
        read = await self._documents(documents)
        if self._model.images == "native":
            self.attachments = replace(read, pictures=await self._pictures(images))
        else:
            self.attachments = replace(read, images=await self._images(images))

    async def drawn(self, images: Iterable[Image]) -> tuple[Image, ...]:
        """Images of the prompt, those of pages with their files, which they lack until then.

        To draw a hundred pages takes seconds, so it waits until it is known that the prompt fits.

        Raises:
            InvalidRequestError: a page cannot be drawn, or they are too large together.
        """
        wanted = {image.digest: image for image in images}
        missing = {digest for digest, image in wanted.items() if not image.data}
        num_bytes = sum(len(image.data) for image in wanted.values())
        for file, pages in self._shown:
            if not any(page.digest in missing for page in pages):
                continue  # its block was cleared from the context, or it is there twice
            drawing = self._reader.draw_pdf(
                file.data,
                sizes=tuple((page.width, page.height) for page in pages),
                max_bytes=MAX_TOTAL_BYTES,
                workspace=self._workspace,
            )
            drawn = await _named(file.place, drawing)
            num_bytes += sum(map(len, drawn))
            if num_bytes > MAX_TOTAL_BYTES:
                raise InvalidRequestError(
                    f"{file.place}: the request's images and pages, as they are shown, have more"
                    f" than {MAX_TOTAL_BYTES // 1024 // 1024} MB together; send fewer at once"
                )
            for page, data in zip(pages, drawn, strict=True):
                wanted[page.digest] = replace(page, data=data)
                missing.discard(page.digest)
        return tuple(wanted.values())

    async def _images(
        self, images: list[tuple[str, ImageBlockParam]]
    ) -> dict[ImageSource, ReadImage]:
        """Each image's text."""
        files, facts = await self._examined(images)
        texts = await _all(self._read(file) for file in files.values())
        return {
            source: ReadImage(facts[source], text)
            for source, text in zip(files, texts, strict=True)
        }

    async def _pictures(
        self, images: list[tuple[str, ImageBlockParam]]
    ) -> dict[ImageSource, Image]:
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

    async def _documents(self, documents: list[tuple[str, DocumentBlockParam]]) -> Attachments:
        """Each document's pages or text; the limit of pages is for all of them together."""
        left = most = _MAX_PAGES[not self._is_small]
        pages: dict[DocumentSource, tuple[str, ...]] = {}
        page_pictures: dict[DocumentSource, tuple[Image, ...]] = {}
        words: dict[DocumentSource, str] = {}
        for path, block in documents:
            if block.source in pages or block.source in words:
                continue
            file = await self._fetcher.fetch(path, block)
            kind = kind_of(file.data, file.media_type)
            if kind != "pdf":
                words[block.source] = await self._words(file, kind)
                continue
            reading = self._reader.read_pdf(
                file.data,
                max_pages=most,
                has_ocr=not self._model.shows_pages,
                workspace=self._workspace,
            )
            found = await _named(file.place, reading)
            pages[block.source] = tuple(page.text for page in found)
            left -= len(found)
            if left < 0:
                raise InvalidRequestError(
                    f"{file.place}: the request's PDFs have more than {most} pages together"
                )
            if self._model.shows_pages:
                shown = await asyncio.to_thread(_shown, file.data, found)
                page_pictures[block.source] = shown
                self._shown.append((file, shown))
        return Attachments(pages=pages, page_pictures=page_pictures, words=words)

    async def _words(self, file: Fetched, kind: Kind | None) -> str:
        """What a file without pages says."""
        match kind:
            case "office":
                reading = self._reader.read_office(file.data, workspace=self._workspace)
            case "html":
                reading = self._reader.read_html(file.data, workspace=self._workspace)
            case "text":
                return _text_of(file)
            case _:
                raise InvalidRequestError(
                    f"{file.place}: a file of type {file.media_type} cannot be a document; upload a"
                    " PDF, a Word, Excel or PowerPoint file (docx, xlsx, pptx), HTML or another"
                    " text, with its type"
                )
        return await _named(file.place, reading)

    async def _examine(self, source: ImageSource, file: Fetched) -> ImageFacts:
        """What an image is; an uploaded or a fetched one may have been called anything."""
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
    """The text of a file that is one."""
    try:
        return file.data.decode("utf-8-sig").replace("\0", "\ufffd")
    except UnicodeDecodeError:
        raise InvalidRequestError(f"{file.place}: the text is not in UTF-8; convert it") from None


def _shown(data: bytes, pages: Sequence[Page]) -> tuple[Image, ...]:
    """The pages of a PDF as they are shown, not drawn yet: the file tells what they will be."""
    digest = hashlib.sha256(data).hexdigest()
    shown: list[Image] = []
    for number, page in enumerate(pages, start=1):
        width, height = _shown_size(page.facts)
        made_from = f"{digest} page {number} of {width} x {height} pixels"
        name = hashlib.sha256(made_from.encode()).hexdigest()
        shown.append(Image(b"", width, height, name))
    return tuple(shown)


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
