"""Runs ``senryu`` as a user does: in a process of its own."""

import os
import subprocess
import sys

__all__ = ["senryu"]

_TIMEOUT_S = 50


def senryu(
    *arguments: str, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end.

    Arguments:
        arguments: the command line.
        stdin: what is piped in; None closes the pipe at once.
        environment: further environment variables.
    """
    return subprocess.run(
        [sys.executable, "-m", "senryu", *arguments],
        input=stdin or "",
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment},
    )
