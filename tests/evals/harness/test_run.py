"""Running a benchmark: what is done is recorded, what broke off is done again, nothing else is."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from inspect_ai.log import read_eval_log

from senryu.cli.main import main
from senryu.engine.scripted import ScriptedEngine
from senryu.errors import InvalidRequestError
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app


class Done(NamedTuple):
    code: int
    out: str
    err: str


FULL_DISK = """
import errno, os, sys
from senryu.cli.main import main

def full(file, sync=os.fsync):
    if os.readlink(f"/proc/self/fd/{file}").endswith("/journal.jsonl"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sync(file)

os.fsync = full
sys.exit(main(sys.argv[1:]))
"""
SMALL = ("--runs", "2", "--limit", "3", "--thinking-tokens", "1024")


@pytest.fixture
def senryu(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Done]:
    """Runs a command in this process, which has loaded what takes seconds to load."""
    monkeypatch.setenv("INSPECT_DISPLAY", "none")

    def command(*arguments: str) -> Done:
        code = main(["eval", *arguments])
        printed = capsys.readouterr()
        return Done(code, printed.out, printed.err)

    return command


def run(senryu: Callable[..., Done], base_url: str, logs: Path) -> Any:
    done = senryu("run", "mgsm", *SMALL, "--base-url", base_url, "--logs", str(logs), "--json")
    return (done.code, *json.loads(done.out))


@requirement("evals.run", "evals.resume")
def test_what_broke_off_is_done_again_and_what_is_done_is_not(
    tmp_path: Path, senryu: Callable[..., Done]
) -> None:
    refusing = ScriptedEngine(refusal=InvalidRequestError("not today"))
    with running_app(refusing) as app:
        code, report = run(senryu, app.base_url, tmp_path)
    assert (code, report["scored"], report["recorded"], report["trials"]) == (1, 0, 6, 6)
    assert report["score"]["value"] == 0  # missing trials count as failures
    # Of the three items the first is the first problem, in Bengali; its answer is 18.
    with running_app(ScriptedEngine(["so </think>", "উত্তর: 18"])) as app:
        code, report = run(senryu, app.base_url, tmp_path)
        assert app.engine.ended.qsize() == 6
        again = run(senryu, app.base_url, tmp_path)
        assert app.engine.ended.qsize() == 6
    assert (code, report["scored"], report["trials"]) == (0, 6, 6)
    assert report["model"] == MODEL
    assert report["score"]["value"] == pytest.approx(1 / 3)
    assert report["groups"]["bn"]["value"] == 1
    assert report["spent"]["steps"] == 6
    assert again[1]["score"] == report["score"]
    folder = Path(report["record"])
    assert len((folder / "journal.jsonl").read_text().splitlines()) == 12
    assert "Arm 'thinking': 2 of 10 runs." in report["deviations"]
    logs = [read_eval_log(str(each)) for each in sorted((folder / "logs").glob("*.eval"))]
    assert [len(log.samples or []) for log in logs] == [3, 3, 3, 3]
    assert [log.eval.metadata["run"] for log in logs if log.eval.metadata] == [1, 2, 1, 2]


@requirement("evals.resume")
def test_a_trial_that_cannot_be_written_ends_the_run_at_once(tmp_path: Path) -> None:
    with running_app(ScriptedEngine(["so </think>", "উত্তর: 18"])) as app:
        command = [sys.executable, "-c", FULL_DISK, "eval", "run", "mgsm", *SMALL]
        where = ("--in-flight", "1", "--base-url", app.base_url, "--logs", str(tmp_path))
        # A process of its own: where Inspect is interrupted, streams of its stay open.
        done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=120)
        assert 1 <= app.engine.ended.qsize() <= 2  # of 6: the next may have been asked already
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    (log,) = (read_eval_log(str(each)) for each in tmp_path.glob("*/*/logs/*.eval"))
    assert log.status == "cancelled"


@requirement("evals.compare")
def test_two_records_are_compared_question_by_question(
    tmp_path: Path, senryu: Callable[..., Done]
) -> None:
    for name, reply in (("first", "উত্তর: 17"), ("second", "উত্তর: 18")):
        with running_app(ScriptedEngine(["so </think>", reply])) as app:
            run(senryu, app.base_url, tmp_path / name)
    done = senryu("compare", str(tmp_path / "first"), str(tmp_path / "second"), "--json")
    report = json.loads(done.out)
    assert report["first"]["value"] == 0
    assert report["difference"]["value"] == pytest.approx(1 / 3)
    assert report["questions"] == 3
    table = senryu("score", str(tmp_path)).out
    assert table.count(MODEL) == 2
    assert "33.3 %" in table


@requirement("evals.run")
def test_what_cannot_be_run_is_said_in_a_line(tmp_path: Path, senryu: Callable[..., Done]) -> None:
    unknown = senryu("run", "nothing")
    assert unknown.code == 1
    assert unknown.err.startswith("senryu: no benchmark is called 'nothing'; there are: ")
    nobody = senryu("run", "mgsm", "--base-url", "http://127.0.0.1:9")
    assert "no server answers" in nobody.err
    empty = senryu("score", str(tmp_path))
    assert "no record of an evaluation" in empty.err


@requirement("evals.list")
def test_the_list_names_every_benchmark(senryu: Callable[..., Done]) -> None:
    listed = json.loads(senryu("list", "--json").out)
    assert {"name", "row", "test", "published"} <= set(listed[0])
    assert "mgsm" in [each["name"] for each in listed]
