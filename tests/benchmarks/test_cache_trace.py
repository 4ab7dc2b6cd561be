"""The trace behind the drawing in docs/caching.md: small, and of the real engine."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_trace_accounts_for_every_token_of_every_prompt(tmp_path: Path) -> None:
    command = ["--requests", "3", "--prefix", "96", "--own", "8", "--reply", "2", "--output"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cache_trace", *command, str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    trace = json.loads((tmp_path / "caching-trace.json").read_text(encoding="utf-8"))
    shared = {each["request"]: each["shared"] for each in trace["placed"]}
    assert shared == {0: 0, 1: 96, 2: 96}
    for request, num_shared in shared.items():
        parts = [part for part in trace["parts"] if part["request"] == request]
        covered = [place for p in parts for place in range(p["start"], p["start"] + p["count"])]
        assert covered == list(range(num_shared, 96 + 8 + 2 - 1))  # the last token needs no step
