"""A file's bytes on a connection, which is dropped rather than ended if they are not all right."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from senryu.api.disconnect import abort
from senryu.api.services import access_of, services_of
from senryu.errors import StorageError
from senryu.store.stored_file import StoredFile

__all__ = ["Download"]


class Download(StreamingResponse):
    """The response that streams a file, for saving and not for showing.

    Arguments:
        request: what asked for it.
        file: which it is.
        chunks: its bytes.
    """

    def __init__(self, request: Request, file: StoredFile, chunks: AsyncGenerator[bytes]) -> None:
        headers = {
            "content-length": str(file.content.size_bytes),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(file.filename, safe='')}",
            "x-content-type-options": "nosniff",
        }
        super().__init__(chunks, headers=headers, media_type="application/octet-stream")
        self._request = request
        self._chunks = chunks

    async def stream_response(self, send: Send) -> None:
        """Send until the last byte, or the client reads nothing, or the file is damaged."""
        access, settings = access_of(self._request), services_of(self._request).settings

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(settings.stall_timeout_s):
                await send(message)

        try:
            async with aclosing(self._chunks):
                await super().stream_response(send_in_time)
        except TimeoutError:
            access.outcome = "stalled"
            abort(self._request.scope)
        except StorageError as error:
            access.outcome = error.type
            abort(self._request.scope)
