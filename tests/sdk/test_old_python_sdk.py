"""An SDK of the 0.x line: the older API version, ``x-api-key``, sampling parameters."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.messages.turns import Scripts
from tests.support.app import MODEL, running_app
from tests.support.server import RunningServer

# Installed beside the current SDK by scripts/setup.py.
OLD_SDK = Path(sys.prefix) / "sdk-0x"


def seen_by_old_client(what: str, base_url: str, model: str) -> dict[str, Any]:
    """What ``old_client.py`` prints."""
    script = Path(__file__).with_name("old_client.py")
    done = subprocess.run(
        [sys.executable, str(script), what, base_url, model],
        env={**os.environ, "PYTHONPATH": str(OLD_SDK)},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    return json.loads(done.stdout)


@requirement("caching.sdk")
def test_the_0x_sdk_prewarms_and_reads_the_counts() -> None:
    with running_app(cache_min_tokens=1) as app:
        seen = seen_by_old_client("cache", app.base_url, MODEL)
    assert seen["warmed"] == {"stop_reason": "max_tokens", "content": []}
    warmed, created, streamed = seen["usage"]
    written = warmed["cache_creation_input_tokens"]
    assert written == warmed["cache_creation"]["ephemeral_5m_input_tokens"] > 0
    assert warmed["output_tokens"] == 0
    for usage in (created, streamed):
        assert usage["cache_read_input_tokens"] == written
        assert usage["cache_creation_input_tokens"] == 0
        assert usage["input_tokens"] == warmed["input_tokens"]


@exercises("anthropic 0.x", "a loop of tools")
@requirement("sdk.python-0x", "tools.history")
def test_the_0x_sdk_goes_through_a_tool_loop() -> None:
    call = '<tool_call>\n{"name": "add", "arguments": {"a": 2, "b": 3}}\n</tool_call>'
    engine = Scripts([call], ["It is 5."])
    with running_app(engine) as app:
        seen = seen_by_old_client("tools", app.base_url, MODEL)
    assert seen["stop_reasons"] == ["tool_use", "end_turn"]
    assert seen["inputs"] == [{"a": 2, "b": 3}]
    assert seen["answer"] == "It is 5."


@exercises("anthropic 0.x", "create, stream, count, errors")
@requirement("sdk.python-0x")
def test_the_0x_sdk_creates_streams_counts_and_reads_errors(server: RunningServer) -> None:
    seen = seen_by_old_client("everything", server.base_url, "smollm2-135m-instruct")
    assert seen["version"].startswith("0.")
    assert seen["created"]
    assert seen["created"] == seen["streamed"]
    assert seen["input_tokens"] == seen["counted"] > 0
    assert "model: no-such-model" in seen["error"]


@requirement("files.sdk-0x", "files.pages-0x")
def test_the_0x_sdk_uploads_lists_downloads_and_deletes_files() -> None:
    with running_app() as app:
        seen = seen_by_old_client("files", app.base_url, MODEL)
    assert seen["listed"] == seen["uploaded"][::-1]
    assert seen["before"] == [seen["listed"][1:3], True, seen["listed"][1]]
    assert seen["content"] == "file 0"
    assert seen["about"] == ["0.txt", "text/plain", 6, True]
    assert seen["deleted"] == ["file_deleted"] * 5
    assert seen["left"] == 0
