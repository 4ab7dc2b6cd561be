"""Files made to break what reads them, thrown at a server: the answers, and the memory it takes.

Usage: python -m benchmarks.hostile_files [--count 100] [--seed 1]

Each file is sent in a request of its own, or uploaded and named there. Whatever it is, the answer
has to be 200 or 400, and the server's processes must not take more memory than they may.
"""

# XlsxWriter has no types of its own.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false

import argparse
import base64
import http.client
import io
import json
import random
import struct
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from PIL import Image
from xlsxwriter import Workbook

from benchmarks.servers import MODEL, Server, running, senryu_launcher
from senryu.engine.llama.embedded import prepare

__all__ = ["HostileFile", "corpus", "form_with", "message_with", "peak_memory_mb"]

_TIMEOUT_S = 200
_BOUNDARY = "hostile"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_EXCEL = f"{_OFFICE}.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class HostileFile:
    """A file and what it is said to be.

    Arguments:
        kind: how it was made.
        media_type: what the request says.
        data: the file.
    """

    kind: str
    media_type: str
    data: bytes

    @property
    def is_uploaded(self) -> bool:
        """Whether a request can only name it."""
        return self.media_type.startswith(("text/html", _OFFICE))


def corpus(count: int, seed: int = 1) -> Iterator[HostileFile]:
    """Files of every kind in turn.

    Arguments:
        count: how many.
        seed: of what is random in them.
    """
    chance = random.Random(seed)
    for number in range(count):
        yield _KINDS[number % len(_KINDS)](chance)


def _image(chance: random.Random, kind: str) -> bytes:
    made = Image.effect_noise((chance.randint(8, 96), chance.randint(8, 96)), 60).convert("RGB")
    file = io.BytesIO()
    made.save(file, kind)
    return file.getvalue()


def _format(chance: random.Random) -> tuple[str, str]:
    return chance.choice(
        [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")]
    )


def _truncated(chance: random.Random) -> HostileFile:
    kind, media_type = _format(chance)
    data = _image(chance, kind)
    return HostileFile("truncated image", media_type, data[: chance.randrange(len(data))])


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _damaged(chance: random.Random) -> HostileFile:
    kind, media_type = _format(chance)
    return HostileFile("damaged image", media_type, _flipped(_image(chance, kind), chance))


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def _bomb(chance: random.Random) -> HostileFile:
    """Few bytes that stand for many pixels: as many as may be, or far more."""
    side = chance.choice([7_999, 50_000])
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(3 * 8_000 + 1) * 200, 9)
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    return HostileFile("bomb", "image/png", data + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b""))


def _text_bomb(chance: random.Random) -> HostileFile:
    """An image whose comment grows a thousandfold."""
    comment = _chunk(b"zTXt", b"c\0\0" + zlib.compress(bytes(64_000_000), 9))
    data = _image(chance, "PNG")
    return HostileFile("comment bomb", "image/png", data[:33] + comment + data[33:])


def _strip(chance: random.Random) -> HostileFile:
    """As long and thin as may be."""
    size = chance.choice([(8000, 1), (1, 8000), (8000, 3)])
    file = io.BytesIO()
    Image.new("L", size, chance.randrange(256)).save(file, "PNG")
    return HostileFile("strip", "image/png", file.getvalue())


def _other(chance: random.Random) -> HostileFile:
    """Not what it is said to be."""
    data = chance.choice([b"", b"<svg/>", b"MZ" + chance.randbytes(99), _pdf(b"")])
    return HostileFile("something else", _format(chance)[1], data)


def _pdf(content: bytes, *, box: str = "0 0 595 842", more: bytes = b"") -> bytes:
    """A PDF of one page."""
    return (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[" + box.encode() + b"]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Length " + str(len(content)).encode() + more + b">>stream\n" + content
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n"
    )  # fmt: skip


def _wide_pdf(chance: random.Random) -> HostileFile:
    box = chance.choice(["0 0 1e9 1e9", "0 0 0 0", "0 0 -5 900000", "0 0 14400 1"])
    return HostileFile("page of odd size", "application/pdf", _pdf(b"0 0 m 9 9 l S", box=box))


def _dense_pdf(chance: random.Random) -> HostileFile:
    """A stream that grows a thousandfold when it is unpacked."""
    lines = b"q 1 0 0 1 0 0 cm 0 0 m 500 800 l S Q\n" * 20_000
    content = zlib.compress(lines, 9)
    return HostileFile("stream bomb", "application/pdf", _pdf(content, more=b"/Filter/FlateDecode"))


def _looping_pdf(chance: random.Random) -> HostileFile:
    """Pages that are their own parents."""
    data = _pdf(b"").replace(b"/Kids[3 0 R]", b"/Kids[2 0 R 3 0 R]")
    return HostileFile("loop of pages", "application/pdf", data)


def _damaged_pdf(chance: random.Random) -> HostileFile:
    data = _pdf(b"BT /F1 12 Tf 72 720 Td (words) Tj ET")
    return HostileFile("damaged PDF", "application/pdf", _flipped(data, chance))


def _zip(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return file.getvalue()


def _office_bomb(chance: random.Random) -> HostileFile:
    """Few bytes that stand for much text, a deep tree, or one of entities."""
    body = chance.choice([" " * 99_000_000, "<a>" * 99_000, '<!DOCTYPE a [<!ENTITY b "c">]><a/>'])
    data = _zip({"[Content_Types].xml": "<Types/>", "word/document.xml": body})
    return HostileFile("Office bomb", f"{_OFFICE}.wordprocessingml.document", data)


def _workbook(row: int) -> bytes:
    """Two cells with nothing but distance between them."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write(0, 0, "one")
        sheet.write(row, 16_383, "other")
    return file.getvalue()


def _far_cells(chance: random.Random) -> HostileFile:
    return HostileFile("far cells", _EXCEL, _workbook(chance.choice([999, 99_999, 1_048_575])))


def _damaged_office(chance: random.Random) -> HostileFile:
    """A file with one part that is not as it was."""
    with zipfile.ZipFile(io.BytesIO(_workbook(0))) as given:
        parts = {name: given.read(name) for name in given.namelist()}
    name = chance.choice(list(parts))
    return HostileFile("damaged part", _EXCEL, _zip({**parts, name: _flipped(parts[name], chance)}))


def _deep_html(chance: random.Random) -> HostileFile:
    """Elements in elements, or cells that are wide by a number alone."""
    page = chance.choice([b"<div>" * 99_999, b"<table><tr>" + b"<td colspan=1000>x" * 99_999])
    return HostileFile("deep HTML", "text/html", page)


_KINDS: tuple[Callable[[random.Random], HostileFile], ...] = (
    _truncated,
    _damaged,
    _bomb,
    _damaged_pdf,
    _strip,
    _wide_pdf,
    _other,
    _text_bomb,
    _looping_pdf,
    _dense_pdf,
    _office_bomb,
    _far_cells,
    _damaged_office,
    _deep_html,
)


def form_with(file: HostileFile) -> tuple[bytes, str]:
    """The form that uploads a file, and its content type."""
    head = f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n'
    part = f"{head}content-type: {file.media_type}\r\n\r\n".encode() + file.data
    return part + f"\r\n--{_BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={_BOUNDARY}"


def message_with(file: HostileFile, model: str, file_id: str | None = None) -> dict[str, Any]:
    """A request that sends a file, or names it if it was uploaded."""
    if file_id is None:
        data = base64.b64encode(file.data).decode()
        source = {"type": "base64", "media_type": file.media_type, "data": data}
    else:
        source = {"type": "file", "file_id": file_id}
    kind = "image" if file.media_type.startswith("image/") else "document"
    content = [{"type": kind, "source": source}]
    return {"model": model, "max_tokens": 1, "messages": [{"role": "user", "content": content}]}


def peak_memory_mb(process: psutil.Process) -> dict[str, float]:
    """The most memory that a process and those it started have taken, by what they are; Linux."""
    found: dict[str, float] = {}
    for each in (process, *process.children(recursive=True)):
        name = " ".join(each.cmdline()[-2:])
        for line in Path(f"/proc/{each.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                found[name] = max(found.get(name, 0.0), int(line.split()[1]) / 1000)
    return found


def _send(server: Server, file: HostileFile) -> int:
    file_id = None
    if file.is_uploaded:
        _, uploaded = _post(server, "/v1/files", *form_with(file))
        file_id = uploaded["id"]
    body = json.dumps(message_with(file, MODEL, file_id)).encode()
    return _post(server, "/v1/messages", body, "application/json")[0]


def _post(server: Server, path: str, body: bytes, content_type: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_TIMEOUT_S)
    try:
        connection.request("POST", path, body, {"content-type": content_type})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def main(arguments: Sequence[str]) -> int:
    """Send all files and print; returns the exit code, 1 for an answer but 200 or 400."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile_files", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="files (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of what is random (default 1)")
    options = parser.parse_args(arguments)
    answers: Counter[tuple[str, int]] = Counter()
    peaks: dict[str, float] = {}
    with running(senryu_launcher(prepare(), threads=2, cells=16384)) as server:
        for file in corpus(options.count, options.seed):
            answers[file.kind, _send(server, file)] += 1
            for name, peak in peak_memory_mb(server.process).items():
                peaks[name] = max(peaks.get(name, 0.0), peak)
    for (kind, status), count in sorted(answers.items()):
        print(f"{kind}: {count} x {status}")
    for name, peak in peaks.items():
        print(f"most memory of `{name}`: {peak:.0f} MB")
    return 0 if {status for _, status in answers} <= {200, 400} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
