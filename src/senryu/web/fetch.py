"""Fetches a file from a URL, whatever its server does."""

import asyncio
import re
import ssl
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

import httpcore2
import httpx2

from senryu import __version__
from senryu.settings import Settings
from senryu.web.addresses import AddressRange
from senryu.web.kept import Download, Kept
from senryu.web.network import FetchError, Network, Resolve, resolve

__all__ = ["TooLargeError", "Web", "open_web"]

_MAX_AT_ONCE: Final = 16
_MAX_REDIRECTS: Final = 3
_TIMEOUT_S: Final = 20.0
_KEPT_S: Final = 300.0
_MAX_PORT: Final = 65535
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HEADERS: Final = (
    ("accept", "*/*"),
    ("accept-encoding", "identity"),
    ("connection", "close"),
    ("user-agent", f"senryu/{__version__}"),
)
# Each part costs time, so a file may not come in many more parts than its size calls for.
_FREE_PARTS: Final = 1000
_LEAST_BYTES_A_PART: Final = 256
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,127}/[a-z0-9.+-]{1,127}")


class TooLargeError(FetchError):
    """The file has more bytes than it may."""


def open_web(
    settings: Settings,
    *,
    resolve: Resolve = resolve,
    timeout_s: float = _TIMEOUT_S,
    kept_s: float = _KEPT_S,
) -> "Web | None":
    """What a server fetches with; None where it fetches nothing.

    Arguments:
        settings: what may be fetched.
        resolve: finds the addresses of a name.
        timeout_s: how long one download may take, redirects included.
        kept_s: how long it is kept.
    """
    if settings.url_sources == "off":
        return None
    return Web(settings.url_networks, resolve, timeout_s=timeout_s, kept_s=kept_s)


class Web:
    """Fetches files. One for a server; its methods may run concurrently.

    Arguments:
        ranges: addresses that may be fetched from besides public ones.
        resolve: finds the addresses of a name.
        timeout_s: how long one download may take, redirects included.
        kept_s: how long it is kept.
    """

    def __init__(
        self, ranges: Sequence[AddressRange], resolve: Resolve, *, timeout_s: float, kept_s: float
    ) -> None:
        self._ranges = ranges
        self._resolve = resolve
        self._timeout_s = timeout_s
        self._kept = Kept(kept_s)
        self._slots = asyncio.Semaphore(_MAX_AT_ONCE)
        self._tls: ssl.SSLContext | None = None

    async def fetch(
        self, url: str, *, max_bytes: int, count: Callable[[int], None], workspace: str
    ) -> Download:
        """What a URL names: now, or what it was a few minutes ago.

        Arguments:
            url: where it is.
            max_bytes: how large it may be.
            count: is told of bytes as they arrive; what it raises ends the download.
            workspace: who asks.

        Raises:
            FetchError: it cannot be had.
        """
        kept = self._kept.get(workspace, url)
        if kept is not None:
            if len(kept.data) > max_bytes:
                raise TooLargeError
            count(len(kept.data))
            return kept
        async with self._slots:
            try:
                async with asyncio.timeout(self._timeout_s):
                    download = await self._follow(url, max_bytes, count)
            except TimeoutError:
                raise FetchError(
                    f"it takes longer than {self._timeout_s:g} seconds to download; send the"
                    " content itself or upload it"
                ) from None
        self._kept.keep(workspace, url, download)
        return download

    async def _follow(self, url: str, max_bytes: int, count: Callable[[int], None]) -> Download:
        """What is there, or where that redirects to."""
        found: Download | str = url
        base: httpx2.URL | None = None
        for _ in range(_MAX_REDIRECTS + 1):
            try:
                target = _parsed(found, base)
                found = await self._get(target, max_bytes, count)
            except TooLargeError:
                raise
            except FetchError as error:
                raise error if base is None else FetchError(f"after a redirect, {error}") from None
            if isinstance(found, Download):
                return found
            base = target
        raise FetchError(
            f"it redirects more than {_MAX_REDIRECTS} times; send the URL that it leads to"
        )

    async def _get(
        self, url: httpx2.URL, max_bytes: int, count: Callable[[int], None]
    ) -> Download | str:
        """What is there, or where it redirects to."""
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx2.create_ssl_context)
        network = Network(self._resolve, self._ranges)
        connection = httpcore2.AsyncHTTPConnection(
            target.origin, ssl_context=self._tls, network_backend=network
        )
        headers = [*_HEADERS, ("host", url.netloc.decode("ascii"))]
        try:
            async with connection, connection.stream("GET", target, headers=headers) as response:
                network.head_bytes_left = None
                fields = httpx2.Headers(response.headers)
                if response.status in _REDIRECTS and "location" in fields:
                    return fields["location"]
                _check(response.status, fields, max_bytes)
                data = await _content(response, max_bytes, count)
                return Download(_media_type(fields), data)
        except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
            raise FetchError(
                "its server does not answer, or not with a certificate for its name that this"
                " machine trusts; send the content itself or upload it"
            ) from None
        except (
            httpcore2.NetworkError,
            httpcore2.ProtocolError,
            httpcore2.TimeoutException,
            OSError,
        ):
            raise FetchError(
                "its server broke off, or does not speak HTTP as it should; try again, or send the"
                " content itself"
            ) from None


def _parsed(text: str, base: httpx2.URL | None) -> httpx2.URL:
    """A URL that may be fetched, as far as can be told without looking up its host.

    Arguments:
        text: the URL.
        base: where it was found, so that it may be relative to that.
    """
    try:
        url = httpx2.URL(text) if base is None else base.join(text)
        host = url.host
    except (httpx2.InvalidURL, ValueError):
        raise FetchError("it is not a URL; check it") from None
    if url.scheme != "https":
        raise FetchError("only HTTPS URLs are supported; send the content itself or upload it")
    if url.userinfo:
        raise FetchError("a URL may hold no user name or password; send the content itself")
    if not host or (url.port or 0) > _MAX_PORT:
        raise FetchError("it names no host, or no port that there can be; check it")
    return url


def _check(status: int, fields: httpx2.Headers, max_bytes: int) -> None:
    """Whether an answer has the content, and may be read."""
    if status != 200:
        raise FetchError(f"its server answered with status {status}; check it in a browser")
    if fields.get("content-encoding", "identity") != "identity":
        raise FetchError("its server sends it compressed, unasked; send the content itself")
    length = fields.get("content-length")
    if length is not None and int(length) > max_bytes:
        raise TooLargeError


async def _content(
    response: httpcore2.Response, max_bytes: int, count: Callable[[int], None]
) -> bytes:
    parts: list[bytes] = []
    num_bytes = 0
    async with aclosing(response.aiter_stream()) as stream:
        async for part in stream:
            num_bytes += len(part)
            if num_bytes > max_bytes:
                raise TooLargeError
            count(len(part))
            parts.append(part)
            if len(parts) > _FREE_PARTS + num_bytes // _LEAST_BYTES_A_PART:
                raise FetchError("its server sends it in too small pieces; send the content itself")
    return b"".join(parts)


def _media_type(fields: httpx2.Headers) -> str:
    said = fields.get("content-type", "").partition(";")[0].strip().lower()
    return said if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"
