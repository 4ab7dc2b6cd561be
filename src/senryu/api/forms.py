"""Uploaded forms (``multipart/form-data``, RFC 7578), read as they arrive and never held whole.

A form has one file, in the field ``file``, and short text fields before and after it. Everything
else is refused with a sentence that says what is wrong.
"""

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from senryu.errors import InvalidRequestError

__all__ = ["MAX_FORM_BYTES", "FilePart", "Form", "boundary_of"]

MAX_FORM_BYTES = 64 * 1024
"""More than everything in a form that is accepted, besides the file's own bytes."""

_MAX_FIELDS = 16
_MAX_FIELD_BYTES = 1024
_MAX_HEADERS = 16
_MAX_HEADER_BYTES = 2048
_FILE = "file"


class FilePart(NamedTuple):
    """What a form says of its file.

    Arguments:
        filename: as the client spells it; empty if it does not.
        content_type: likewise; None if it does not.
    """

    filename: str
    content_type: str | None


class _Event(NamedTuple):
    """What the parser came upon: a header, or data of a part, or an end."""

    kind: Literal["header", "headers", "data", "end", "form_end"]
    name: bytes = b""
    data: bytes = b""


def boundary_of(content_type: str | None) -> bytes:
    """The boundary between a form's parts, from the request's content type.

    Raises:
        InvalidRequestError: the request is no such form.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise InvalidRequestError("content-type: upload the file as multipart/form-data")
    if not options.get(b"boundary"):
        raise InvalidRequestError("content-type: multipart/form-data needs a boundary")
    return options[b"boundary"]


class Form:
    """A form on its way: first ``open_file``, then all of ``content``, then ``fields``.

    Arguments:
        chunks: the request's body.
        boundary: what parts its parts.

    Raises:
        InvalidRequestError: from each of the three, the form is malformed or not as described here.
    """

    def __init__(self, chunks: AsyncIterator[bytes], boundary: bytes) -> None:
        self._parser = _Parser(boundary)
        self._events = self._read(chunks)
        self._fields: dict[str, str] = {}

    async def open_file(self) -> FilePart:
        """Read up to the file's bytes."""
        while (named := await self._next_part()) is not None:
            name, part = named
            if name == _FILE:
                return part
            await self._read_field(name)
        raise InvalidRequestError(f"{_FILE}: Field required")

    async def content(self) -> AsyncIterator[bytes]:
        """The file's bytes."""
        async for event in self._events:
            if event.kind == "end":
                return
            yield event.data

    async def fields(self) -> dict[str, str]:
        """The text fields, once the rest of the form is read."""
        while (named := await self._next_part()) is not None:
            name, _ = named
            if name == _FILE:
                raise InvalidRequestError(f"{_FILE}: one form uploads one file")
            await self._read_field(name)
        return self._fields

    async def _next_part(self) -> tuple[str, FilePart] | None:
        """The next part's name, and what it were as a file; None after the last."""
        headers: dict[bytes, bytes] = {}
        async for event in self._events:
            if event.kind == "form_end":
                return None
            if event.kind == "header":
                headers[event.name.lower()] = event.data
            elif event.kind == "headers":
                return _described(headers)
        return None

    async def _read_field(self, name: str) -> None:
        if name in self._fields:
            raise InvalidRequestError(f"{_shown(name)}: given more than once")
        if len(self._fields) == _MAX_FIELDS:
            raise InvalidRequestError(f"the form has more than {_MAX_FIELDS} fields")
        value = b""
        async for event in self._events:
            if event.kind == "end":
                break
            value += event.data
            if len(value) > _MAX_FIELD_BYTES:
                raise InvalidRequestError(
                    f"{_shown(name)}: a text field has at most {_MAX_FIELD_BYTES} bytes"
                )
        self._fields[name] = _text(value)

    async def _read(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[_Event]:
        async for chunk in chunks:
            for event in self._parser.feed(chunk):
                yield event
        if not self._parser.ended:
            raise InvalidRequestError("the form ends before its last boundary")


class _Parser:
    """The library's parser, its calls collected as events."""

    def __init__(self, boundary: bytes) -> None:
        self._events: list[_Event] = []
        self._name = self._value = b""
        self.ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_header_begin": self._header_begin,
                    "on_header_field": self._header_field,
                    "on_header_value": self._header_value,
                    "on_header_end": lambda: self._add(_Event("header", self._name, self._value)),
                    "on_headers_finished": lambda: self._add(_Event("headers")),
                    "on_part_data": lambda data, start, end: self._add(
                        _Event("data", data=data[start:end])
                    ),
                    "on_part_end": lambda: self._add(_Event("end")),
                    "on_end": self._end,
                },
                max_header_count=_MAX_HEADERS,
                max_header_size=_MAX_HEADER_BYTES,
            )
        except FormParserError as error:
            raise InvalidRequestError(f"content-type: {error}") from None

    def feed(self, chunk: bytes) -> list[_Event]:
        """What a chunk of the body brings.

        Raises:
            InvalidRequestError: it is not a part of such a form.
        """
        try:
            self._parser.write(chunk)
        except FormParserError:
            raise InvalidRequestError("the body is not a well-formed multipart form") from None
        events, self._events = self._events, []
        return events

    def _add(self, event: _Event) -> None:
        self._events.append(event)

    def _header_begin(self) -> None:
        self._name = self._value = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end(self) -> None:
        self.ended = True
        self._add(_Event("form_end"))


def _described(headers: dict[bytes, bytes]) -> tuple[str, FilePart]:
    kind, options = parse_options_header(headers.get(b"content-disposition"))
    name = options.get(b"name")
    if kind != b"form-data" or name is None:
        raise InvalidRequestError("a part of the form has no name")
    content_type = headers.get(b"content-type")
    part = FilePart(
        options.get(b"filename", b"").decode(errors="replace"),
        None if content_type is None else content_type.decode("latin-1"),
    )
    return _text(name), part


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise InvalidRequestError("the form has a field that is not UTF-8") from None


def _shown(name: str) -> str:
    """A field's name in a message, unless it is none that an API has."""
    return name if name.isidentifier() and len(name) <= 64 else "a field of the form"
