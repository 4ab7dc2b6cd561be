"""``/v1/files``: uploads, the list, downloads.

Uploads go from the connection into the store as they come. The list answers both generations of
clients: ``next_page`` of one is what the other knows as ``last_id``.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import Response

from senryu.api.downloads import Download
from senryu.api.forms import MAX_FORM_BYTES, Form, boundary_of
from senryu.api.services import access_of, caller_of, services_of
from senryu.errors import (
    FileNotDownloadableError,
    InvalidRequestError,
    NotFoundError,
    RequestTooLargeError,
)
from senryu.store.files import FileList
from senryu.store.stored_file import StoredFile
from senryu.wire.base import WireModel
from senryu.wire.file_names import file_name, mime_type, name_problem
from senryu.wire.files import (
    MAX_LISTED_IDS,
    DeletedFile,
    FileMetadata,
    FilePage,
    FilesQuery,
    UploadForm,
)
from senryu.wire.parse import MalformedError, parse_query

__all__ = ["create_file", "delete_file", "download_file", "list_files", "retrieve_file"]

_IDS = "ids[]"
_DEFAULT_LIMIT = 20


async def create_file(request: Request) -> Response:
    """Keep an uploaded file."""
    services, caller = services_of(request), caller_of(request)
    limit = services.settings.max_file_bytes
    if int(request.headers.get("content-length", 0)) > limit + MAX_FORM_BYTES:
        raise RequestTooLargeError(f"file: at most {limit} bytes are taken in one file")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise InvalidRequestError("content-encoding: uploads are not compressed; send the form so")
    boundary = boundary_of(request.headers.get("content-type"))
    form = Form(_arriving(request, services.settings.stall_timeout_s), boundary)
    part = await form.open_file()
    problem = name_problem(part.filename) if caller.strict else None
    if problem:
        raise InvalidRequestError(f"file: the filename {problem}")
    async with services.files.upload(caller.workspace) as upload:
        await upload.write(form.content())
        fields = _read_fields(request, await form.fields())
        kind = mime_type(part.content_type, part.filename)
        file = await upload.finish(
            filename=file_name(part.filename, kind),
            mime_type=kind,
            expires_in_s=fields.expires_in_seconds,
        )
    services.telemetry.file_uploaded(file.content.size_bytes)
    return _json(_metadata(request, file))


async def list_files(request: Request) -> Response:
    """A page of the files, newest first, or those of some ids."""
    ids = set(request.query_params.getlist(_IDS))
    try:
        query = parse_query(request.query_params, FilesQuery)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None
    _check_combination(query, ids)
    files, workspace = services_of(request).files, caller_of(request).workspace
    if query.scope_id is not None:
        return _json(FilePage(data=[]))
    if ids:
        return _page(request, FileList(await files.known(workspace, ids), has_more=False), query)
    after = query.after_id
    if query.page is not None:
        after = _file_of(query.page)
    try:
        found = await files.page(
            workspace, limit=query.limit or _DEFAULT_LIMIT, after=after, before=query.before_id
        )
    except NotFoundError:
        field = next(f for f in ("page", "after_id", "before_id") if getattr(query, f) is not None)
        raise InvalidRequestError(f"{field}: no file of the list is there; begin anew") from None
    return _page(request, found, query)


async def retrieve_file(request: Request) -> Response:
    """What is known of a file."""
    file = await services_of(request).files.get(caller_of(request).workspace, _id(request))
    return _json(_metadata(request, file))


async def download_file(request: Request) -> Response:
    """A file's bytes. A damaged file breaks off before its last byte, if not before its first."""
    files, caller = services_of(request).files, caller_of(request)
    file, chunks = await files.open(caller.workspace, _id(request))
    if caller.strict:
        raise FileNotDownloadableError("this file cannot be downloaded: it was uploaded")
    # A small file is whole by its first chunk, so that its damage can still be a status.
    first = await anext(chunks, b"")
    return Download(request, file, _all(first, chunks))


async def delete_file(request: Request) -> Response:
    """Delete a file."""
    await services_of(request).files.delete(caller_of(request).workspace, _id(request))
    return _json(DeletedFile(id=_id(request)))


async def _arriving(request: Request, stall_timeout_s: float) -> AsyncGenerator[bytes]:
    """The body as it comes.

    Raises:
        InvalidRequestError: nothing comes for too long.
    """
    async with aclosing(request.stream()) as chunks:
        while True:
            try:
                async with asyncio.timeout(stall_timeout_s):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise InvalidRequestError(
                    f"the upload stalled: nothing of it came for {stall_timeout_s:g} seconds"
                ) from None
            yield chunk


def _read_fields(request: Request, fields: dict[str, str]) -> UploadForm:
    """The form's fields; unknown ones are counted in the request's record, and told once."""
    unknown = sorted(fields.keys() - UploadForm.model_fields)
    if unknown and caller_of(request).strict:
        raise InvalidRequestError(f"{unknown[0]}: Extra inputs are not permitted")
    access_of(request).dropped_fields = len(unknown)
    for name in unknown:
        services_of(request).telemetry.passed_over("field", name)
    try:
        return parse_query(fields, UploadForm)
    except MalformedError as error:
        raise InvalidRequestError(str(error)) from None


def _check_combination(query: FilesQuery, ids: set[str]) -> None:
    if len(ids) > MAX_LISTED_IDS:
        raise InvalidRequestError(f"ids: at most {MAX_LISTED_IDS} can be asked for at once")
    given = query.model_fields_set
    places = sorted(given & {"page", "after_id", "before_id"})
    if ids and given & {"page", "limit", "after_id", "before_id"}:
        raise InvalidRequestError("ids: cannot be combined with limit, page, after_id or before_id")
    if len(places) > 1:
        raise InvalidRequestError(f"{places[0]}: cannot be combined with {places[1]}")


def _page(request: Request, found: FileList, query: FilesQuery) -> Response:
    data = [_metadata(request, file) for file in found.files]
    goes_on = found.has_more and query.before_id is None
    page = FilePage(
        data=data,
        next_page=_cursor(data[-1].id) if goes_on else None,
        has_more=found.has_more,
        first_id=data[0].id if data else None,
        last_id=data[-1].id if data else None,
    )
    return _json(page)


def _cursor(file_id: str) -> str:
    return "page_" + file_id.removeprefix("file_")


def _file_of(cursor: str) -> str:
    return "file_" + cursor.removeprefix("page_")


def _metadata(request: Request, file: StoredFile) -> FileMetadata:
    return FileMetadata(
        id=file.id,
        filename=file.filename,
        mime_type=file.mime_type,
        size_bytes=file.content.size_bytes,
        created_at=file.created_at,
        downloadable=not caller_of(request).strict,
        expires_at=file.expires_at,
    )


async def _all(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for chunk in rest:
            yield chunk


def _id(request: Request) -> str:
    return request.path_params["file_id"]


def _json(model: WireModel) -> Response:
    return Response(model.model_dump_json(), media_type="application/json")
