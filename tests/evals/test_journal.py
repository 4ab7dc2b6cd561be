"""The journal: what was recorded survives a crash at any byte, and counts once."""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from senryu.evals.journal import Journal, JournalError, read_journal
from senryu.evals.protocol import (
    Arm,
    Baseline,
    Protocol,
    Question,
    Spent,
    Trial,
    TrialId,
    collect,
    summarise,
)
from tests.contract.manifest import requirement

PROTOCOL = Protocol("any", (Question("a"), Question("b\n\"é'")), (Arm("one", 2), Arm("two", 1, 2)))
BASELINE = Baseline("says nothing", {each.id: 0.0 for each in PROTOCOL.questions})
PLANNED = list(PROTOCOL.trials())


def outcome(trial: TrialId) -> Trial:
    """What the model would make of it, the same each time."""
    drawn = random.Random(repr(trial))
    score = drawn.choice([None, 0.0, 0.5, 1.0])
    return Trial(trial, score, Spent(seconds=drawn.random(), steps=1), "" if score else "broken")


@requirement("evals.resume")
@settings(max_examples=25)
@given(st.permutations(PLANNED), st.data())
def test_a_crash_at_any_byte_loses_nothing_and_counts_nothing_twice(
    order: list[TrialId], data: st.DataObject
) -> None:
    whole = summarise(PROTOCOL, collect(PROTOCOL, map(outcome, PLANNED)), BASELINE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trials.jsonl"
        with Journal(path, PROTOCOL) as journal:
            for trial in order[: data.draw(st.integers(0, len(order)))]:
                journal.record(outcome(trial))
        content = path.read_bytes()
        cut = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:cut])
        with Journal(path, PROTOCOL) as journal:
            done = journal.collected.trials
            assert len(done) == content[:cut].count(b"\n")
            assert journal.num_cut_bytes == len(content[:cut].split(b"\n")[-1])
            assert all(trial == outcome(trial.id) for trial in done.values())
            remaining = list(PROTOCOL.remaining(done))
            data.draw(st.randoms()).shuffle(remaining)
            for trial in remaining:
                journal.record(outcome(trial))
        found = read_journal(path, PROTOCOL)
    assert found.repeated == ()
    assert summarise(PROTOCOL, found, BASELINE).means == whole.means


KILLED = """
import os, resource, signal, sys
from pathlib import Path
from senryu.evals.journal import Journal
from tests.evals.test_journal import PLANNED, PROTOCOL, outcome

journal = Journal(Path(sys.argv[1]), PROTOCOL)
for trial in PLANNED[:2]:
    journal.record(outcome(trial))
full = os.path.getsize(sys.argv[1]) + 20
resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
try:
    journal.record(outcome(PLANNED[2]))
except OSError:
    print("refused", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal = Journal(Path(sys.argv[1]), PROTOCOL)
print(len(journal.collected.trials), journal.num_cut_bytes, flush=True)
journal.record(outcome(PLANNED[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@requirement("evals.resume")
def test_a_full_disk_and_a_killed_process_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == "refused\n2 20\n", done.stderr
    assert done.returncode < 0
    with Journal(path, PROTOCOL) as journal:
        assert list(journal.collected.trials.values()) == [outcome(each) for each in PLANNED[:3]]


@requirement("evals.resume")
def test_one_process_at_a_time_writes_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    with Journal(path, PROTOCOL) as journal:
        with pytest.raises(JournalError, match="another process"):
            Journal(path, PROTOCOL)
        journal.record(outcome(PLANNED[0]))
        assert list(read_journal(path, PROTOCOL).trials) == PLANNED[:1]
    with pytest.raises(ValueError, match="closed"):
        journal.record(outcome(PLANNED[1]))
    Journal(path, PROTOCOL).close()


@requirement("evals.journal.foreign")
def test_no_trial_counts_under_another_protocol(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    other = Protocol("any", PROTOCOL.questions, (Arm("one", 2), Arm("two", 1, 3)))
    with Journal(path, other) as journal:
        journal.record(outcome(PLANNED[0]))
    before = path.read_bytes()
    with pytest.raises(JournalError, match="line 1 .* another protocol"):
        Journal(path, PROTOCOL)
    assert path.read_bytes() == before
    with Journal(tmp_path / "own.jsonl", PROTOCOL) as journal:
        with pytest.raises(ValueError, match="no trial of any"):
            journal.record(outcome(TrialId("two", 1, "a", 3)))
        assert (tmp_path / "own.jsonl").read_bytes() == b""


@requirement("evals.journal.damaged")
@pytest.mark.parametrize("damage", [b"", b"\0\0", b"{}", b'{"protocol": "x"}', b"\xff", b"null"])
def test_a_damaged_line_is_named_and_nothing_is_touched(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "trials.jsonl"
    with Journal(path, PROTOCOL) as journal:
        journal.record(outcome(PLANNED[0]))
    content = path.read_bytes() + damage + b"\n" + path.read_bytes()
    path.write_bytes(content)
    for use in (Journal, read_journal):
        with pytest.raises(JournalError, match="line 2 .* damaged"):
            use(path, PROTOCOL)
    assert path.read_bytes() == content


@requirement("evals.journal.damaged")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"score":1.0', b'"score":7.0', "within 0 and 1"),
        (b'"run":1', b'"run":9', "no trial of any"),
    ],
)
def test_an_impossible_line_is_told(tmp_path: Path, old: bytes, new: bytes, message: str) -> None:
    path = tmp_path / "trials.jsonl"
    with Journal(path, PROTOCOL) as journal:
        journal.record(Trial(PLANNED[0], 1.0))
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(JournalError, match=message):
        read_journal(path, PROTOCOL)
