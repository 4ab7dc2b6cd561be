"""Signs of life of servers that share a folder."""

import signal
import subprocess
import sys
from pathlib import Path

from senryu.store.presence import Presence

SERVER = """
import sys, time
from pathlib import Path
from senryu.store.presence import Presence
presence = Presence(Path(sys.argv[1]), "other")
print("here", flush=True)
time.sleep(60)
"""


def test_a_killed_server_is_known_to_have_ended_until_it_is_forgotten(tmp_path: Path) -> None:
    mine = Presence(tmp_path, "mine")
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE)
    assert server.stdout is not None
    assert server.stdout.readline() == b"here\n"
    assert mine.ended() == []
    server.send_signal(signal.SIGKILL)
    server.wait(30)
    server.stdout.close()
    assert mine.ended() == ["other"]
    mine.forget("other")
    assert mine.ended() == []
    mine.close()


def test_a_server_that_closed_has_ended_too(tmp_path: Path) -> None:
    mine, other = Presence(tmp_path, "mine"), Presence(tmp_path, "other")
    assert mine.ended() == []
    other.close()
    assert mine.ended() == ["other"]
    mine.close()
