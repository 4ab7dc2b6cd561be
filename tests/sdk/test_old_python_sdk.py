"""An SDK of the 0.x line: the older API version, ``x-api-key``, sampling parameters."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.contract.manifest import requirement
from tests.support.server import RunningServer

# Installed beside the current SDK by scripts/setup.py.
OLD_SDK = Path(sys.prefix) / "sdk-0x"


@requirement("sdk.python-0x")
def test_the_0x_sdk_creates_streams_counts_and_reads_errors(server: RunningServer) -> None:
    script = Path(__file__).with_name("old_client.py")
    done = subprocess.run(
        [sys.executable, str(script), server.base_url, "smollm2-135m-instruct"],
        env={**os.environ, "PYTHONPATH": str(OLD_SDK)},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    seen = json.loads(done.stdout)
    assert seen["version"].startswith("0.")
    assert seen["created"]
    assert seen["created"] == seen["streamed"]
    assert seen["input_tokens"] == seen["counted"] > 0
    assert "model: no-such-model" in seen["error"]
