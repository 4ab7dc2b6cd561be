"""The sandbox of bubblewrap: Inspect's own conformance checks, what it shows, what it stops."""

import platform
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from inspect_ai.util import (
    ComposeConfig,
    SandboxEnvironment,
    SandboxEnvironmentSpec,
    SandboxUserUnsupportedError,
)
from inspect_ai.util._sandbox import self_check
from inspect_ai.util._sandbox.limits import override_max_exec_output_size

from senryu.evals.harness.bubblewrap import BubblewrapSandbox
from senryu.evals.harness.confined import Limits
from senryu.evals.harness.sandbox import BUBBLEWRAP, DOCKER, NoSandboxError, choose_sandbox
from tests.contract.manifest import requirement
from tests.evals.sandboxes import needs_bubblewrap

pytestmark = [pytest.mark.anyio, needs_bubblewrap]

_SLOW = {  # they wait for seconds on end; the tests below show the same sooner
    "test_exec_timeout",
    "test_exec_timeout_kills_process",
    "test_exec_timeout_kills_child_processes",
}
_CHECKS = [name for name in self_check.__all__ if name not in _SLOW]
_LIMITS = Limits(
    seconds=20,
    processes=64,
    memory_bytes=1024**3,
    file_bytes=64 * 1024**2,
    folder_bytes=96 * 1024**2,
)


@pytest.fixture
async def box() -> AsyncIterator[SandboxEnvironment]:
    found = await BubblewrapSandbox.sample_init("test", _LIMITS, {})
    yield found["default"]
    await BubblewrapSandbox.sample_cleanup("test", _LIMITS, found, False)


async def _sh(box: SandboxEnvironment, script: str) -> str:
    ended = await box.exec(["/bin/sh", "-c", script], timeout=20)
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("name", _CHECKS)
async def test_it_conforms(box: SandboxEnvironment, name: str) -> None:
    check = getattr(self_check, name)
    if name == "test_exec_as_user":  # there is one user
        with pytest.raises(SandboxUserUnsupportedError, match="only, not 'root'"):
            await check(box)
    else:
        await check(box)


@requirement("evals.sandbox.apart")
async def test_nothing_of_the_host_is_seen(box: SandboxEnvironment, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    home = Path.home()
    seen = await _sh(
        box,
        f"cat {secret} /etc/shadow /etc/hostname; ls -A {home} /home /var /run /opt; env; id -un;"
        " ps ax -o pid= | wc -l",
    )
    assert "a secret" not in seen
    assert seen.count("No such file or directory") >= 6
    assert "PYTEST" not in seen
    assert "agent" in seen
    names = {each.name for each in home.iterdir()} if home.is_dir() else set[str]()
    inside = set((await _sh(box, f"ls -A {home} 2>/dev/null")).split())
    assert inside <= {".pyenv", ".local", ".asdf", "miniconda3"} & names  # leads to Python only


@requirement("evals.sandbox.apart")
async def test_nothing_of_the_system_can_be_changed(box: SandboxEnvironment) -> None:
    tried = "/usr/x /etc/x /etc/passwd /x /dev/x /bin/x /proc/sys/kernel/hostname"
    done = await _sh(box, f"for f in {tried}; do (echo x > $f) 2>/dev/null && echo wrote $f; done")
    assert done == ""
    assert "Operation not permitted" in await _sh(box, "chroot / true")
    status = await _sh(box, "cat /proc/self/status")
    assert "CapEff:\t0000000000000000" in status
    assert "CapBnd:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


@requirement("evals.sandbox.apart")
async def test_there_is_no_network(box: SandboxEnvironment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        assert "ConnectionRefusedError" in await _sh(box, f'python3 -c "{program}"')
    program = "import socket; socket.create_connection(('1.1.1.1', 443), 2)"
    assert "Network is unreachable" in await _sh(box, f'python3 -c "{program}"')


async def test_python_is_the_one_that_runs_this(box: SandboxEnvironment) -> None:
    assert platform.python_version() in await _sh(box, "python3 --version")


@requirement("evals.sandbox.apart")
async def test_links_lead_nowhere(box: SandboxEnvironment, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a secret")
    await _sh(box, f"ln -s {secret} file; ln -s {tmp_path} folder; ln -s / root")
    for name in ("file", "folder/secret", f"root{secret}", str(secret), "../../../" + str(secret)):
        with pytest.raises(FileNotFoundError):
            await box.read_file(name)
    with pytest.raises(FileNotFoundError):
        await box.write_file("file", "changed")
    for name in (f"root{tmp_path}/new", str(tmp_path / "new")):  # in its own /tmp
        await box.write_file(name, "changed")
    assert secret.read_text() == "a secret"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


@requirement("evals.sandbox.limits")
async def test_a_fork_bomb_ends(box: SandboxEnvironment) -> None:
    script = "for i in $(seq 100); do sleep 10 & done; echo forked all"
    done = await _sh(box, script)
    assert "Cannot fork" in done
    assert "forked all" not in done
    assert "still here" in await _sh(box, "echo still here")


@requirement("evals.sandbox.limits")
async def test_endless_writers_end(box: SandboxEnvironment) -> None:
    one = await box.exec(["sh", "-c", "cat /dev/zero > one"], timeout=20)
    assert not one.success
    assert (await box.exec(["sh", "-c", "find one -size -65M | wc -l; rm one"])).stdout == "1\n"
    many = "i=0; while :; do i=$((i+1)); head -c 8000000 /dev/zero > f$i; done"
    stopped = await box.exec(["sh", "-c", many], timeout=20)
    assert not stopped.success
    assert "its files took more than" in stopped.stderr


@requirement("evals.sandbox.limits")
async def test_output_is_bounded_while_it_is_read(box: SandboxEnvironment) -> None:
    with override_max_exec_output_size(1000):
        kept = await box.exec(["sh", "-c", "head -c 30000000 /dev/zero; echo the end"])
    assert len(kept.stdout) == 1000
    assert kept.stdout.endswith("the end\n")


@requirement("evals.sandbox.limits")
async def test_memory_is_bounded(box: SandboxEnvironment) -> None:
    assert "MemoryError" in await _sh(box, "python3 -c 'x = bytearray(2 * 1024**3)'")


@requirement("evals.sandbox.limits")
async def test_nothing_outlives_its_command(box: SandboxEnvironment) -> None:
    late = "setsid sh -c 'sleep {}; touch late' >/dev/null 2>&1 & "
    with pytest.raises(TimeoutError):
        await box.exec(["sh", "-c", late.format(1.2) + "sleep 30"], timeout=1)
    await box.exec(["sh", "-c", late.format(0.2)])
    assert await _sh(box, "sleep 0.5; ls") == ""


async def test_its_folder_goes_whatever_is_in_it() -> None:
    box = BubblewrapSandbox(_LIMITS)
    deep = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')\nos.chmod('/work/d', 0)"
    await box.exec(["python3", "-c", deep])
    await box.close()
    assert not box.folder.exists()


@requirement("evals.sandbox.chosen")
async def test_a_sandbox_is_chosen_or_the_reason_told() -> None:
    both = (BUBBLEWRAP, DOCKER)
    assert await choose_sandbox(both) == SandboxEnvironmentSpec(BUBBLEWRAP, Limits())
    assert await choose_sandbox(both, BUBBLEWRAP) == await choose_sandbox(both)
    with pytest.raises(NoSandboxError, match="can be bubblewrap or docker here, not jail"):
        await choose_sandbox(both, "jail")
    with pytest.raises(NoSandboxError, match="can be docker here, not bubblewrap"):
        await choose_sandbox((DOCKER,), BUBBLEWRAP)


@requirement("evals.sandbox.chosen")
async def test_containers_are_taken_where_they_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandboxError, match="neither docker nor podman answers"):
        await choose_sandbox((DOCKER,))
    answers = tmp_path / "docker"
    answers.write_text("#!/bin/sh\n")
    answers.chmod(0o755)
    chosen = await choose_sandbox((DOCKER, BUBBLEWRAP))
    assert chosen.type == DOCKER
    assert isinstance(chosen.config, ComposeConfig)
    assert set(chosen.config.services) == {"default", "grader"}
    assert {each.network_mode for each in chosen.config.services.values()} == {"none"}
