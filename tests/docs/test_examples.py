"""Every fenced ``sh`` and ``python`` example in README.md and docs/ runs against a real server.

Only the base URL is replaced, for the server of the tests listens on another port. Examples that
need something a test machine has not (a download, a GPU) are indented blocks, not fenced ones.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.manifest import requirement
from tests.support.server import RunningServer

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(python|sh)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = [
    pytest.param(match.group(1), match.group(2), id=f"{page.name}-{number}")
    for page in PAGES
    for number, match in enumerate(FENCE.finditer(page.read_text(encoding="utf-8")), start=1)
]


@requirement("docs.examples")
@pytest.mark.parametrize(("language", "source"), EXAMPLES)
def test_example_runs_as_written(server: RunningServer, language: str, source: str) -> None:
    if "curl" in source and shutil.which("curl") is None:
        pytest.skip("this machine has no curl")
    command = ["sh", "-euc"] if language == "sh" else [sys.executable, "-c"]
    done = subprocess.run(
        [*command, source.replace("http://127.0.0.1:8000", server.base_url)],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "ANTHROPIC_BASE_URL": server.base_url,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()
    assert '"type":"error"' not in done.stdout.replace(" ", "")
