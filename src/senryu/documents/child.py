"""Becomes a program that ends with the process that started it, within limits. Run as a file.

Usage: python -I -S child.py PARENT_PID PROGRAM [ARGUMENT ...]
"""

import ctypes
import os
import resource
import signal
import sys

__all__: list[str] = []

_MAX_MEMORY_BYTES = 512 << 20
_MAX_CPU_S = 60  # what ends it where a system cannot tell a child that its parent is gone
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _main(parent: int, program: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return  # it was gone before
    for limit, most in (
        (resource.RLIMIT_DATA, _MAX_MEMORY_BYTES),
        (resource.RLIMIT_CPU, _MAX_CPU_S),
    ):
        resource.setrlimit(limit, (most, most))
    os.execv(program[0], program)


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
