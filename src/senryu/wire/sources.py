"""Where the bytes of images and documents are: in the request, at a URL, in an uploaded file."""

from typing import Annotated, Literal

from pydantic import Field

from senryu.wire.base import PlainText, WireModel

__all__ = [
    "Base64ImageSource",
    "Base64PdfSource",
    "FileSource",
    "ImageSource",
    "PlainTextSource",
    "UrlSource",
]

_MAX_URL_LENGTH = 8192  # ours; longer ones are refused by most servers too


class Base64ImageSource(WireModel):
    """An image in the request itself."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class Base64PdfSource(WireModel):
    """A PDF in the request itself."""

    type: Literal["base64"]
    media_type: Literal["application/pdf"]
    data: str


class PlainTextSource(WireModel):
    """A document that is a text."""

    type: Literal["text"]
    media_type: Literal["text/plain"]
    data: PlainText


class UrlSource(WireModel):
    """An image or a PDF that has to be fetched."""

    type: Literal["url"]
    url: Annotated[str, Field(max_length=_MAX_URL_LENGTH)]


class FileSource(WireModel):
    """An image or a document that was uploaded before."""

    type: Literal["file"]
    file_id: Annotated[str, Field(pattern="^[a-zA-Z0-9_-]{1,256}$")]


ImageSource = Annotated[
    Base64ImageSource | UrlSource | FileSource,
    Field(discriminator="type"),
]
