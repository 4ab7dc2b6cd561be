"""``/v1/files`` over HTTP: what clients get, and what is left on disk."""

import logging
import select
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.manifest import requirement
from tests.support.app import RunningApp, running_app

KEYS: Any = ({"key": "a" * 16, "workspace": "a"}, {"key": "b" * 16, "workspace": "b"})
FORM = {"content-type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
END = b"\r\n--b--\r\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[RunningApp]:
    with running_app(data_dir=tmp_path) as running:
        yield running


def upload(app: RunningApp, data: bytes = b"data", name: str = "a.txt", **form: Any) -> Any:
    """The metadata of a file, uploaded now."""
    answer = app.client.post("/v1/files", files={"file": (name, data)}, data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()


def problem(answer: httpx2.Response) -> tuple[int, str]:
    """Status and message of a refusal."""
    assert answer.json()["type"] == "error"
    return answer.status_code, answer.json()["error"]["message"]


def blobs(folder: Path) -> list[Path]:
    """The files that hold bytes."""
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


def test_metadata_has_the_documented_fields(app: RunningApp) -> None:
    file = upload(app, b"hello", "h.txt")
    expected = {
        "type": "file",
        "filename": "h.txt",
        "mime_type": "text/plain",
        "size_bytes": 5,
        "downloadable": True,
        "expires_at": None,
    }
    assert {key: file[key] for key in expected} == expected
    assert file.keys() == {*expected, "id", "created_at"}
    assert app.client.get(f"/v1/files/{file['id']}?beta=true").json() == file
    assert app.client.delete(f"/v1/files/{file['id']}").json() == {
        "id": file["id"],
        "type": "file_deleted",
    }


@requirement("files.pages-0x")
def test_one_page_serves_both_generations(app: RunningApp) -> None:
    kept = [upload(app)["id"] for _ in range(3)][::-1]
    page = app.client.get("/v1/files?limit=2").json()
    assert [file["id"] for file in page.pop("data")] == kept[:2]
    assert page.pop("next_page").startswith("page_")
    assert page == {"has_more": True, "first_id": kept[0], "last_id": kept[1]}
    rest = app.client.get(f"/v1/files?after_id={kept[1]}").json()
    assert [file["id"] for file in rest.pop("data")] == kept[2:]
    assert rest == {
        "next_page": None,
        "has_more": False,
        "first_id": kept[2],
        "last_id": kept[2],
    }
    empty: Any = {
        "data": [],
        "next_page": None,
        "has_more": False,
        "first_id": None,
        "last_id": None,
    }
    assert app.client.get(f"/v1/files?after_id={kept[2]}").json() == empty
    assert app.client.get("/v1/files?scope_id=session_1").json() == empty


@requirement("files.pages", "files.ids")
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("page=x", "page"),
        ("page=page_x", "page"),
        ("after_id=file_x", "after_id"),
        ("before_id=file_x", "before_id"),
        ("before_id=a&after_id=b", "after_id"),
        ("page=page_a&after_id=b", "after_id"),
        ("ids[]=a&limit=1", "ids"),
        ("ids[]=a&page=page_x", "ids"),
        ("&".join(f"ids[]={number}" for number in range(101)), "ids"),
    ],
)
def test_a_wrong_list_is_refused_by_field(app: RunningApp, query: str, field: str) -> None:
    status, message = problem(app.client.get(f"/v1/files?{query}"))
    assert (status, message.split(":")[0]) == (400, field)


@requirement("files.ids")
def test_ids_count_once_each(app: RunningApp) -> None:
    query = "&".join(f"ids[]={number % 100}" for number in range(200))
    assert app.client.get(f"/v1/files?{query}").json()["data"] == []


@requirement("files.workspaces")
def test_keys_of_two_workspaces_never_see_each_others_files() -> None:
    with running_app(keys=KEYS) as app:
        a, b = ({"x-api-key": key["key"]} for key in KEYS)
        made = app.client.post("/v1/files", files={"file": ("a", b"x")}, headers=a).json()
        path = f"/v1/files/{made['id']}"
        assert app.client.get(path, headers=a).status_code == 200
        for method, route in (("GET", path), ("GET", f"{path}/content"), ("DELETE", path)):
            answer = app.client.request(method, route, headers=b)
            assert problem(answer) == (404, f"File not found: {made['id']}")
        for query in ("", f"?ids[]={made['id']}"):
            assert app.client.get(f"/v1/files{query}", headers=b).json()["data"] == []
        assert app.client.get(f"/v1/files?after_id={made['id']}", headers=b).status_code == 400
        assert app.client.get(f"{path}/content", headers=a).content == b"x"
        assert app.client.get(path).status_code == 401


def test_a_download_is_for_saving_not_for_showing(app: RunningApp) -> None:
    file = upload(app, b"<script>", "é 1.html")
    answer = app.client.get(f"/v1/files/{file['id']}/content")
    assert answer.content == b"<script>"
    assert answer.headers["content-length"] == "8"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9%201.html"
    assert answer.headers["x-content-type-options"] == "nosniff"


@requirement("files.forms")
@pytest.mark.parametrize(
    ("body", "headers", "message"),
    [
        (b"{}", {"content-type": "application/json"}, "content-type: upload the file as multipart"),
        (HEAD + b"x" + END, {"content-type": "multipart/form-data"}, "content-type: "),
        (HEAD + b"x" + END, FORM | {"content-encoding": "gzip"}, "content-encoding: uploads are"),
        (HEAD + b"x", FORM, "the form ends before its last boundary"),
        (b"--b--\r\n", FORM, "file: Field required"),
        (b"x", FORM, "the body is not a well-formed multipart form"),
    ],
)
def test_a_wrong_form_leaves_nothing(
    app: RunningApp, tmp_path: Path, body: bytes, headers: dict[str, str], message: str
) -> None:
    status, text = problem(app.client.post("/v1/files", content=body, headers=headers))
    assert (status, text.startswith(message)) == (400, True)
    assert blobs(tmp_path) == []
    assert app.client.get("/v1/files").json()["data"] == []


@requirement("files.forms", "files.expiry")
@pytest.mark.parametrize("seconds", ["3599", "7776001", "", "soon", "1e9"])
def test_a_wrong_lifetime_leaves_nothing(app: RunningApp, tmp_path: Path, seconds: str) -> None:
    files = {"file": ("a", b"x")}
    answer = app.client.post("/v1/files", files=files, data={"expires_in_seconds": seconds})
    status, message = problem(answer)
    assert (status, message.split(":")[0]) == (400, "expires_in_seconds")
    assert blobs(tmp_path) == []


def test_an_unknown_field_is_dropped_or_refused_by_mode(app: RunningApp) -> None:
    assert upload(app, purpose="vision")["size_bytes"] == 4
    with running_app(mode="strict") as strict:
        version = {"anthropic-version": "2023-06-01"}
        files = {"file": ("a", b"x")}
        answer = strict.client.post("/v1/files", files=files, data={"x": "y"}, headers=version)
        assert problem(answer) == (400, "x: Extra inputs are not permitted")
        answer = strict.client.post("/v1/files", files={"file": ("a?", b"x")}, headers=version)
        assert problem(answer)[1].startswith("file: the filename must not have")


@requirement("files.too_large")
def test_an_upload_that_says_it_is_too_large_is_refused_before_it_is_read() -> None:
    with running_app(max_file_bytes=1000) as app, app.connect() as connection:
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n"
            b"content-type: multipart/form-data; boundary=b\r\n\r\n"
        )
        answer = b""
        while part := connection.recv(65536):  # ends, because the server closes
            answer += part
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"file: at most 1000 bytes" in answer


@requirement("files.too_large")
def test_an_upload_of_unknown_length_is_refused_on_the_way(tmp_path: Path) -> None:
    with running_app(max_file_bytes=1000, data_dir=tmp_path) as app:
        parts = (HEAD, b"x" * 600, b"x" * 600, END)
        answer = app.client.post("/v1/files", content=iter(parts), headers=FORM)
        assert problem(answer)[0] == 413
        assert blobs(tmp_path) == []


@requirement("files.quota")
def test_what_is_deleted_makes_room_again(tmp_path: Path) -> None:
    with running_app(files_quota_mb=1, data_dir=tmp_path) as app:
        file = upload(app, b"x" * 900_000)
        answer = app.client.post("/v1/files", files={"file": ("b", b"x" * 200_000)})
        assert answer.json()["error"]["details"] == {"error_code": "storage_quota_exceeded"}
        assert [path.name for path in blobs(tmp_path)] == [file["id"]]
        app.client.delete(f"/v1/files/{file['id']}")
        upload(app, b"x" * 900_000)


@requirement("files.interrupted")
def test_nothing_is_left_of_an_upload_whose_client_goes_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, logger="senryu"),
        running_app(data_dir=tmp_path) as app,
        app.connect() as connection,
    ):
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n"
            b"content-type: multipart/form-data; boundary=b\r\n\r\n" + HEAD + b"x" * 60000
        )
    assert outcomes(caplog) == ["disconnected"]
    assert blobs(tmp_path) == []


@requirement("files.interrupted")
def test_an_upload_of_which_nothing_comes_any_more_is_refused(tmp_path: Path) -> None:
    with running_app(data_dir=tmp_path, stall_timeout_s=0.2) as app, app.connect() as connection:
        connection.sendall(
            b"POST /v1/files HTTP/1.1\r\nhost: x\r\ncontent-length: 90000\r\n"
            b"content-type: multipart/form-data; boundary=b\r\n\r\n" + HEAD + b"x" * 60000
        )
        answer = b""
        while b"}" not in answer and (part := connection.recv(65536)):
            answer += part
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"the upload stalled: nothing of it came for 0.2 seconds" in answer
        assert blobs(tmp_path) == []


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@requirement("files.damaged")
@pytest.mark.parametrize("damage", [flip, cut, Path.unlink])
def test_a_damaged_file_is_an_error(
    app: RunningApp, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    file = upload(app, b"hello")
    damage(*blobs(tmp_path))
    answer = app.client.get(f"/v1/files/{file['id']}/content")
    assert (answer.status_code, answer.json()["error"]["type"]) == (500, "api_error")


@requirement("files.damaged")
def test_a_large_damaged_file_never_arrives_whole(
    app: RunningApp, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = upload(app, b"x" * 5_000_000)
    flip(*blobs(tmp_path))
    with app.client.stream("GET", f"/v1/files/{file['id']}/content") as answer:
        assert answer.status_code == 200
        with pytest.raises((httpx2.NetworkError, httpx2.RemoteProtocolError)):
            answer.read()
        assert answer.num_bytes_downloaded < 5_000_000
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == [
        "a stored file is damaged"
    ]


def test_a_download_that_nobody_reads_is_given_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, logger="senryu"),
        running_app(data_dir=tmp_path, stall_timeout_s=0.2) as app,
        app.connect() as connection,
    ):
        path = f"/v1/files/{upload(app, b'x' * 50_000_000)['id']}/content"
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        read = 0
        with suppress(ConnectionResetError):
            connection.recv(1)
            while "stalled" not in outcomes(caplog):
                select.select([connection], [], [], 0.05)
            while part := connection.recv(1_000_000):
                read += len(part)
        assert read < 50_000_000


def outcomes(caplog: pytest.LogCaptureFixture) -> list[str]:
    """How the requests ended so far."""
    records = (record for record in caplog.records if record.name == "senryu.access")
    return [vars(record)["facts"]["outcome"] for record in records]


def test_the_log_has_no_names_of_files(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), running_app() as app:
        file = upload(app, name="secret-plans.txt")
        app.client.get(f"/v1/files/{file['id']}/content")
        metrics = app.client.get("/metrics").text
    told = [str(vars(record)) for record in caplog.records if not record.name.startswith("http")]
    assert told
    assert not [line for line in told if "secret" in line]
    assert "senryu_uploaded_bytes_total 4.0" in metrics
    assert "senryu_kept_bytes 4.0" in metrics
