"""Uploads to a whole server, which is killed in one of them."""

import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil

from tests.contract.manifest import requirement
from tests.support.server import RunningServer, running_server

MB = 1_000_000
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"


def begin_upload(server: RunningServer, num_bytes: int) -> socket.socket:
    """A connection on which an upload has begun, of a file of that length."""
    address = urlsplit(server.base_url)
    connection = socket.create_connection((address.hostname, address.port or 0), timeout=30)
    length = len(HEAD) + num_bytes + len(END)
    connection.sendall(
        b"POST /v1/files HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %d\r\n"
        b"content-type: multipart/form-data; boundary=b\r\n\r\n" % length + HEAD
    )
    return connection


def wait_until(condition: Callable[[], bool], server: RunningServer) -> None:
    """Until something is so; the server's death or the test's time limit ends the wait."""
    while not condition():
        try:
            server.process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the server ended:\n{server.output()}")


def kept(folder: Path) -> list[Path]:
    """The files that hold bytes of uploads."""
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def num_uploads(folder: Path) -> int:
    """How many uploads the database knows that are under way."""
    with closing(sqlite3.connect(folder / "senryu.db")) as database:
        return database.execute("SELECT count(*) FROM uploads").fetchone()[0]


@requirement("files.killed")
def test_nothing_is_left_of_an_upload_whose_server_was_killed(tmp_path: Path) -> None:
    with running_server(SENRYU_DATA_DIR=str(tmp_path)) as server:
        whole = httpx2.post(f"{server.base_url}/v1/files", files={"file": ("a", b"x")}).json()
        with begin_upload(server, 100 * MB) as connection:
            connection.sendall(b"x" * 30 * MB)
            wait_until(lambda: sum(path.stat().st_size for path in kept(tmp_path)) > MB, server)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait(30)
    assert len(kept(tmp_path)) == 2
    assert num_uploads(tmp_path) == 1
    with running_server(SENRYU_DATA_DIR=str(tmp_path)) as server:
        wait_until(lambda: len(kept(tmp_path)) == 1 and not num_uploads(tmp_path), server)
        listed = httpx2.get(f"{server.base_url}/v1/files").json()["data"]
        assert listed == [whole]
        content = httpx2.get(f"{server.base_url}/v1/files/{whole['id']}/content").content
        assert content == b"x"


@requirement("files.streamed")
def test_an_upload_is_not_held_in_memory(server: RunningServer) -> None:
    process = psutil.Process(server.process.pid)
    httpx2.post(f"{server.base_url}/v1/files", files={"file": ("a", b"x")})
    before = process.memory_info().rss
    with begin_upload(server, 200 * MB) as connection:
        for _ in range(200):
            connection.sendall(b"x" * MB)
        during = process.memory_info().rss
        connection.sendall(END)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert during - before < 70 * MB
