"""Files made to break what reads them, thrown at a server: the answers, and the memory it takes.

Usage: python -m benchmarks.hostile_files [--count 100] [--seed 1]

Each file is sent in a request of its own. Whatever it is, the answer has to be 200 or 400, and the
server's processes must not take more memory than they may.
"""

import argparse
import base64
import http.client
import io
import json
import random
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

from benchmarks.servers import MODEL, Server, running, senryu_launcher
from senryu.engine.llama.embedded import prepare

__all__ = ["HostileFile", "corpus", "message_with", "peak_memory_mb"]

_TIMEOUT_S = 200


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
)


def message_with(file: HostileFile, model: str) -> dict[str, Any]:
    """A request that sends a file."""
    source = {"type": "base64", "media_type": file.media_type}
    source["data"] = base64.b64encode(file.data).decode()
    kind = "document" if file.media_type == "application/pdf" else "image"
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


def _send(server: Server, body: dict[str, Any]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_TIMEOUT_S)
    try:
        headers = {"content-type": "application/json"}
        connection.request("POST", "/v1/messages", json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
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
            answers[file.kind, _send(server, message_with(file, MODEL))] += 1
            for name, peak in peak_memory_mb(server.process).items():
                peaks[name] = max(peaks.get(name, 0.0), peak)
    for (kind, status), count in sorted(answers.items()):
        print(f"{kind}: {count} x {status}")
    for name, peak in peaks.items():
        print(f"most memory of `{name}`: {peak:.0f} MB")
    return 0 if {status for _, status in answers} <= {200, 400} else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
