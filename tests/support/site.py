"""A site that is served over TLS from this process, by rules of its own."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from senryu.web.network import resolve

__all__ = ["HOST", "Page", "Site", "answer", "redirect", "running_site"]

HOST = "files.test"
Page = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is sent for a path: the whole answer, or something that writes it."""


def answer(body: bytes, media_type: str = "text/plain", *, status: str = "200 OK") -> bytes:
    """A well-behaved answer."""
    head = f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def redirect(url: str) -> bytes:
    """An answer that leads elsewhere."""
    return f"HTTP/1.1 302 Found\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n".encode()


@dataclass(slots=True)
class Site:
    """What is served, and to whom.

    Arguments:
        port: where it listens, on 127.0.0.1.
        pages: what is sent, by path.
        names: the addresses of hosts, by name; of several lists each look-up takes the next one.
        heads: the requests that came.
        num_connections: how many were opened.
    """

    port: int
    pages: dict[str, Page] = field(default_factory=dict[str, Page])
    names: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])
    heads: list[str] = field(default_factory=list[str])
    num_connections: int = 0

    def url(self, path: str, *, host: str = HOST) -> str:
        """The URL of a page."""
        return f"https://{host}:{self.port}{path}"

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of the site's names; numbers are read as this machine reads them."""
        lists = self.names.get(host)
        if lists:
            return lists.pop(0) if len(lists) > 1 else lists[0]
        if host.endswith(".test"):
            raise socket.gaierror("no such host")
        return await resolve(host, port)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.num_connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            page = self.pages.get(head.split()[1], answer(b"", status="404 Not Found"))
            if isinstance(page, bytes):
                writer.write(page)
            else:
                await page(writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has heard enough
        finally:
            writer.close()


@contextmanager
def running_site(folder: Path) -> Generator[Site]:
    """Serve a site whose certificates this process trusts until the block ends.

    Arguments:
        folder: for the certificates.
    """
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(folder / "site.pem")
    context.load_cert_chain(folder / "site.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    site = Site(listener.getsockname()[1], names={HOST: [["127.0.0.1"]]})
    loop, done, up = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    async def run() -> None:
        async with await asyncio.start_server(site.serve, sock=listener, ssl=context):
            up.set()
            await done.wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(run())

    thread = threading.Thread(target=work)
    thread.start()
    up.wait()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
        yield site
    loop.call_soon_threadsafe(done.set)
    thread.join()
