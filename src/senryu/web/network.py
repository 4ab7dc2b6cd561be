"""The only door to the network: a connection opens to an address that was checked, or not at all.

A name is resolved once, all of its addresses are checked, and the connection goes to one of these
very addresses, so that a name cannot point elsewhere between the check and the connection. TLS
still verifies the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final, cast

import httpcore2

from senryu.web.addresses import Address, AddressRange, is_in, is_public

__all__ = ["FetchError", "Network", "Resolve", "resolve"]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""A host and a port to the host's addresses. Raises OSError or UnicodeError if it has none."""

_PORT: Final = 443
_CONNECT_S: Final = 5.0
_MAX_TRIED: Final = 3  # addresses of a name, of which some may not answer
_MAX_HEAD_BYTES: Final = 32 * 1024


class FetchError(Exception):
    """What a URL names cannot be had; says why, and what to do, in words for its sender."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, as this machine knows them. A ``Resolve``."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Network(httpcore2.AsyncNetworkBackend):
    """Opens one connection, and bounds what comes before the content.

    Arguments:
        resolve: finds the addresses of a name.
        ranges: addresses that may be fetched from besides public ones, there at any port.

    Attributes:
        head_bytes_left: how much may still come before the content; None when that is there.
    """

    def __init__(self, resolve: Resolve, ranges: Sequence[AddressRange]) -> None:
        self.head_bytes_left: int | None = _MAX_HEAD_BYTES
        self._resolve = resolve
        self._ranges = ranges
        # Its type is hidden by the stand-in for machines without anyio.
        self._backend = cast(httpcore2.AsyncNetworkBackend, httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host.

        Raises:
            FetchError: it has no address, or one that may not be fetched from.
            httpcore2.NetworkError, httpcore2.TimeoutException: it does not answer.
        """
        del timeout, local_address, socket_options  # nobody gives them
        failure: Exception | None = None
        for address in (await self._addresses(host, port))[:_MAX_TRIED]:
            try:
                stream = await self._backend.connect_tcp(str(address), port, timeout=_CONNECT_S)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self)
        raise failure or _refused()

    async def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            found = [ip_address(each) for each in await self._resolve(host, port)]
        except (OSError, UnicodeError):
            raise _refused() from None
        for address in found:
            is_standard = port == _PORT and is_public(address)
            if not is_standard and not is_in(address, self._ranges):
                raise _refused()
        return found


def _refused() -> FetchError:
    """The same for all causes, so that nobody learns of names and addresses inside a network."""
    return FetchError(
        f"its host has no address that this server may fetch from: public ones, at port {_PORT};"
        " send the content itself or upload it"
    )


class _Stream(httpcore2.AsyncNetworkStream):
    """A connection that reads no longer head than it may."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream, network: Network) -> None:
        self._stream = stream
        self._network = network

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next bytes. Raises FetchError when too many come before the content."""
        left = self._network.head_bytes_left
        if left is None:
            return await self._stream.read(max_bytes, timeout)
        if not left:
            raise FetchError("its server sends too many headers; send the content itself")
        data = await self._stream.read(min(max_bytes, left), timeout)
        self._network.head_bytes_left = left - len(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """The same connection, encrypted."""
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(stream, self._network)

    def get_extra_info(self, info: str) -> Any:
        """What the transport knows."""
        return self._stream.get_extra_info(info)
