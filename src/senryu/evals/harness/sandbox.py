"""Which sandbox a benchmark's samples run in: containers, or bubblewrap."""

import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from shutil import which

from anyio.to_thread import run_sync
from inspect_ai.util import (
    ComposeConfig,
    ComposeService,
    SandboxEnvironment,
    SandboxEnvironmentSpec,
    sandbox,
)

from senryu.evals.harness.bubblewrap import BubblewrapSandbox, why_unavailable
from senryu.evals.harness.confined import Limits

__all__ = [
    "BUBBLEWRAP",
    "DOCKER",
    "NoSandboxError",
    "choose_sandbox",
    "containers",
    "fresh_sandbox",
    "has_containers",
]

BUBBLEWRAP = "bubblewrap"
DOCKER = "docker"

_RUNTIMES = ("docker", "podman")
_SECONDS = 10
_IMAGE = "python:3.12-bookworm"  # has Python, git and bash
_GRADER = "grader"


class NoSandboxError(OSError):
    """Nothing here can keep what a model runs apart; the message says what would."""


async def choose_sandbox(kinds: Sequence[str], wanted: str | None = None) -> SandboxEnvironmentSpec:
    """The sandbox that samples run in, unless they bring one of that kind themselves.

    Arguments:
        kinds: those that the samples can run in, the preferred one first.
        wanted: one of them; None takes the first that works.

    Raises:
        NoSandboxError: what is wanted is none of them or does not work here, or none does.
    """
    if wanted is not None and wanted not in kinds:
        raise NoSandboxError(f"--sandbox can be {' or '.join(kinds)} here, not {wanted}")
    reasons: list[str] = []
    for kind in kinds if wanted is None else (wanted,):
        reason = await (_why_no_containers() if kind == DOCKER else why_unavailable())
        if reason is None:
            return containers(_IMAGE) if kind == DOCKER else _bubblewrap()
        reasons.append(reason)
    raise NoSandboxError("; ".join(reasons))


def containers(image: str) -> SandboxEnvironmentSpec:
    """Two containers of an image without a network: one to work in, one to be graded in."""
    service = ComposeService(
        image=image, command="tail -f /dev/null", init=True, network_mode="none"
    )
    return SandboxEnvironmentSpec(
        DOCKER, ComposeConfig(services={"default": service, _GRADER: service})
    )


def _bubblewrap() -> SandboxEnvironmentSpec:
    return SandboxEnvironmentSpec(BUBBLEWRAP, Limits())


async def _why_no_containers() -> str | None:
    if await run_sync(has_containers):
        return None
    return "neither docker nor podman answers here; start its daemon"


def has_containers() -> bool:
    """Whether docker or podman answers."""
    return any(_answers(program) for program in _RUNTIMES if which(program))


@asynccontextmanager
async def fresh_sandbox() -> AsyncGenerator[SandboxEnvironment]:
    """A sandbox that the model was never in, to grade what it made.

    Of containers it is the second one; it is for a sample's scorer, once.
    """
    try:
        limits = sandbox().as_type(BubblewrapSandbox).limits
    except TypeError:
        yield sandbox(_GRADER)
        return
    fresh = BubblewrapSandbox(limits)
    try:
        yield fresh
    finally:
        await fresh.close()


def _answers(program: str) -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        return not subprocess.run(
            [program, "info"], capture_output=True, timeout=_SECONDS
        ).returncode
    return False
