"""Files made to break what reads them."""

import sys

import psutil
import pytest

from benchmarks.hostile_files import corpus, form_with, message_with, peak_memory_mb
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

MOST_MB = 1900  # what the process may take for data, 1,611 MB, and its libraries


@requirement("images.hostile")
@pytest.mark.timeout(180)
def test_whatever_a_file_does_it_is_refused_or_read_in_bounded_memory() -> None:
    with running_app() as app:
        for file in corpus(14):
            file_id = None
            if file.is_uploaded:
                form, kind = form_with(file)
                uploaded = app.client.post(
                    "/v1/files", content=form, headers={"content-type": kind}
                )
                file_id = uploaded.json()["id"]
            body = message_with(file, MODEL, file_id)
            answer = app.client.post("/v1/messages", json=body, timeout=150)
            assert answer.status_code in (200, 400), file.kind
            if answer.status_code == 400:
                assert answer.json()["error"]["message"].startswith("messages.0.content.0."), (
                    file.kind
                )
            if sys.platform == "linux":
                peaks = peak_memory_mb(psutil.Process())
                reading = [mb for name, mb in peaks.items() if "anyio" in name]
                assert all(mb < MOST_MB for mb in reading), file.kind
        assert (
            app.post(
                {"model": MODEL, "max_tokens": 1, "messages": [{"role": "user", "content": "x"}]}
            ).status_code
            == 200
        )
