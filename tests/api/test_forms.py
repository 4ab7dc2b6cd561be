"""Forms, however they are cut on their way."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.api.forms import FilePart, Form, boundary_of
from senryu.errors import InvalidRequestError
from tests.contract.manifest import requirement

BOUNDARY = b"x-y"
FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain'
FIELD = b'Content-Disposition: form-data; name="expires_in_seconds"'


def form(*parts: tuple[bytes, bytes], end: bytes = b"--x-y--\r\n") -> bytes:
    """A form of parts, each with its headers and content."""
    return b"".join(b"--x-y\r\n%b\r\n\r\n%b\r\n" % part for part in parts) + end


def read(
    chunks: Iterable[bytes], boundary: bytes = BOUNDARY
) -> tuple[FilePart, bytes, dict[str, str]]:
    """What a form says, as an upload reads it."""

    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def reading() -> tuple[FilePart, bytes, dict[str, str]]:
        whole = Form(arriving(), boundary)
        part = await whole.open_file()
        content = b"".join([chunk async for chunk in whole.content()])
        return part, content, await whole.fields()

    return asyncio.run(reading())


@requirement("files.forms")
@given(
    content=st.binary(max_size=300) | st.sampled_from([b"\r\n--x-", b"\r\n--x-y", b"--x-y--\r\n"]),
    before=st.booleans(),
    cuts=st.lists(st.integers(0, 700), max_size=20),
)
def test_a_form_is_read_the_same_however_it_is_cut(
    content: bytes, before: bool, cuts: list[int]
) -> None:
    if b"\r\n--x-y" in b"\r\n" + content:  # a sender would choose another boundary
        content = content.replace(b"x", b"z")
    parts = [(FILE, content), (FIELD, b"3600")]
    body = form(*(parts[::-1] if before else parts))
    places = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})
    chunks = [body[start:end] for start, end in zip(places, places[1:], strict=False)]
    expected = (FilePart("a.txt", "text/plain"), content, {"expires_in_seconds": "3600"})
    assert read(chunks) == expected
    assert read([body[place : place + 1] for place in range(len(body))]) == expected


@requirement("files.forms")
@given(st.binary() | st.binary().map(lambda data: form((FILE, data))[:-4]))
def test_no_body_is_more_than_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read([body])


@requirement("files.forms")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (form((FIELD, b"3600")), "file: Field required"),
        (form(), "file: Field required"),
        (form((FILE, b"a"), (FILE, b"b")), "file: one form uploads one file"),
        (form((FIELD, b"1"), (FILE, b""), (FIELD, b"2")), "expires_in_seconds: given more than"),
        (form((FIELD, b"1" * 1025), (FILE, b"")), "expires_in_seconds: a text field has at most"),
        (form((FIELD, b"\xff"), (FILE, b"")), "not UTF-8"),
        (form((b"Content-Disposition: form-data", b""), (FILE, b"")), "part of the form has no"),
        (form((b"X: y", b""), (FILE, b"")), "part of the form has no name"),
        (form((b"X: " + b"y" * 3000, b"")), "not a well-formed multipart form"),
        (form((FILE, b"a"), end=b""), "ends before its last boundary"),
        (form((FILE, b"a"))[:-3], "ends before its last boundary"),
        (b"", "ends before its last boundary"),
        (b"hello", "not a well-formed multipart form"),
        (
            form(*((FIELD.replace(b"expires", b"%d" % n), b"") for n in range(17)), (FILE, b"")),
            "more than 16 fields",
        ),
    ],
)
def test_a_wrong_form_says_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message):
        read([body])


@requirement("files.names")
@pytest.mark.parametrize(
    ("headers", "part"),
    [
        (b'content-disposition: form-data; name="file"', FilePart("", None)),
        (
            b'Content-Disposition: form-data; name=file; filename="a;b.txt"',
            FilePart("a;b.txt", None),
        ),
        (
            'Content-Disposition: form-data; name="file"; filename="é.txt"'.encode(),
            FilePart("é.txt", None),
        ),
        (
            b'Content-Disposition: form-data; name="file"; filename="\xff"\r\nContent-Type: \xff',
            FilePart("\ufffd", "ÿ"),
        ),
    ],
)
def test_a_file_may_have_any_name_or_none(headers: bytes, part: FilePart) -> None:
    assert read([form((headers, b"x"))])[0] == part


@requirement("files.forms")
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=x",
    ],
)
def test_another_content_type_is_refused(content_type: str | None) -> None:
    with pytest.raises(InvalidRequestError, match="^content-type: "):
        boundary_of(content_type)


def test_a_boundary_may_be_quoted() -> None:
    assert boundary_of('Multipart/Form-Data; charset=utf-8; boundary="a b"') == b"a b"


def test_an_endless_boundary_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="^content-type: "):
        read([], b"x" * 300)
