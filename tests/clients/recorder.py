"""Stands between a client and a server: writes down what the client sends, cuts replies if told."""

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import httpx2

__all__ = ["Cut", "Recorder", "Sent", "recording"]

Cut = Callable[[int], int | None]
"""From a request's number, the bytes of its reply after which the connection ends without a word;
None for none."""

_HOP_BY_HOP = {"connection", "content-length", "host", "transfer-encoding", "keep-alive"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of the client.

    Arguments:
        path: with its query.
        headers: names in lower case.
        body: its JSON, None without one.
    """

    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Recorder:
    """What was seen.

    Arguments:
        base_url: where the client is to go.
        sent: all requests, in order.
    """

    base_url: str
    sent: list[Sent] = field(default_factory=list[Sent])

    def bodies(self, path: str = "/v1/messages") -> list[Any]:
        """The bodies of the requests to a path."""
        return [each.body for each in self.sent if each.path.partition("?")[0].endswith(path)]


class _Passage(BaseHTTPRequestHandler):
    """Passes one connection's requests on."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._pass_on()

    def do_HEAD(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _pass_on(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}
        body = json.loads(data) if data else None
        server = cast("_Server", self.server)
        left = server.note(Sent(self.path, headers, body))
        client = server.upstream
        request = client.build_request(self.command, self.path, content=data, headers=kept)
        reply = client.send(request, stream=True)
        self.send_response(reply.status_code)
        for name, value in reply.headers.items():
            if name not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for part in reply.iter_raw() if self.command != "HEAD" else ():
            if left is not None and left < len(part):
                self.close_connection = True
                break
            left = None if left is None else left - len(part)
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.flush()
        else:
            self.wfile.write(b"0\r\n\r\n")
        reply.close()


class _Server(ThreadingHTTPServer):
    """Listens on a free port of this machine."""

    daemon_threads = True

    def __init__(self, upstream: httpx2.Client, cut: Cut) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.upstream = upstream
        self._cut = cut
        self._lock = threading.Lock()
        self.recorder = Recorder(f"http://127.0.0.1:{self.server_port}")

    def note(self, sent: Sent) -> int | None:
        """Write a request down; how many bytes its reply may have."""
        with self._lock:
            self.recorder.sent.append(sent)
            return self._cut(len(self.recorder.sent) - 1)


@contextmanager
def recording(upstream: str, *, cut: Cut = lambda _: None) -> Generator[Recorder]:
    """Pass requests on until the block ends.

    Arguments:
        upstream: the server.
        cut: where replies are cut.
    """
    with (
        httpx2.Client(base_url=upstream, timeout=60, verify=False) as client,
        _Server(client, cut) as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.recorder
        finally:
            server.shutdown()
            thread.join()
