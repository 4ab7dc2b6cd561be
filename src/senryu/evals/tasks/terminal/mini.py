"""Small terminal tasks of our own: what lies in the folder, what is asked, how it is checked.

Each is a file of the data set ``terminal-mini``, whose SOURCE.md says what is in one. What a model
leaves behind is checked in the same sandbox, by Python alone with nothing of the sandbox's folder
on its path.
"""

import tomllib
from collections.abc import Mapping
from functools import cache

import msgspec
from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import (
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentSpec,
    sandbox,
)

from senryu.evals.benchmark import Item
from senryu.evals.harness.confined import Limits
from senryu.evals.harness.sandbox import BUBBLEWRAP
from senryu.evals.harness.steps import Steps
from senryu.evals.protocol import Arm, Question
from senryu.evals.registry import data_folder
from senryu.evals.tasks.terminal.agent import work
from senryu.evals.tasks.terminal.session import TerminalError, open_terminal

__all__ = [
    "DATA",
    "TerminalTask",
    "check",
    "check_files",
    "load",
    "prepare",
    "run_script",
    "solve",
    "tasks",
]

DATA = "terminal-mini"
"""The data set's name in the registry."""

_SCRIPT_S = 60  # for a script that prepares or checks
_SESSION_S = 86_400  # what a terminal may last; the limits of a trial end it before


class TerminalTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task.

    Arguments:
        instruction: what the model reads.
        check: a Python script that ends with 0 if the task is solved.
        solution: a bash script that solves it.
        baseline: what leaving everything as it was scores.
        files: what lies in the folder, by path.
        setup: a bash script that makes the rest of it.
    """

    instruction: str
    check: str
    solution: str
    baseline: float
    files: Mapping[str, str] = {}
    setup: str = ""


@cache
def tasks() -> Mapping[str, TerminalTask]:
    """All tasks by name.

    Raises:
        MissingDataError: a file is missing or is another one.
    """
    return {
        path.stem: msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), TerminalTask)
        for path in sorted(data_folder(DATA).glob("*.toml"))
    }


def load() -> list[Item]:
    """The items of the benchmark."""
    spec = SandboxEnvironmentSpec(BUBBLEWRAP, Limits(seconds=_SESSION_S))
    return [
        Item(
            Question(name),
            Sample(input=task.instruction, metadata={"task": name}, sandbox=spec),
            task.baseline,
        )
        for name, task in tasks().items()
    ]


async def prepare(box: SandboxEnvironment, task: TerminalTask) -> None:
    """Lay out the task's files in the working folder of a sandbox.

    Raises:
        RuntimeError: its script fails, for want of a program.
    """
    for path, text in task.files.items():
        await box.write_file(path, text)
    done, told = await run_script(box, ["bash", "-eus"], task.setup)
    if not done:
        raise RuntimeError(f"the sandbox cannot lay out the task: {told}")


async def run_script(
    box: SandboxEnvironment, interpreter: list[str], script: str
) -> tuple[bool, str]:
    """Run a script that is read from the standard input, and say whether it ended with 0.

    One that takes too long or writes without end has failed.
    """
    try:
        result = await box.exec(interpreter, input=script, timeout=_SCRIPT_S, timeout_retry=False)
    except (TimeoutError, OutputLimitExceededError) as error:
        return False, f"{type(error).__name__}: {error}"
    return result.success, result.stderr[-2_000:]


@solver
def solve(arm: Arm) -> Solver:
    """Let the model work on a task in a terminal."""

    async def solved(state: TaskState, generate: Generate) -> TaskState:
        del generate  # it knows no budget
        box = sandbox()
        task = tasks()[state.metadata["task"]]
        await prepare(box, task)
        async with open_terminal(box) as terminal:
            try:
                state.messages = await work(task.instruction, terminal, Steps(arm))
            except TerminalError as error:  # what the model did ended it, and is checked
                state.metadata["terminal"] = str(error)
        return state

    return solved


@scorer(metrics=[mean()])
def check() -> Scorer:
    """1 where the task's own script finds it solved."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        passed, told = await check_files(sandbox(), tasks()[state.metadata["task"]])
        return Score(value=passed, explanation=told)

    return score


async def check_files(box: SandboxEnvironment, task: TerminalTask) -> tuple[bool, str]:
    """Whether the task's own script finds it solved, and what it wrote."""
    return await run_script(box, ["python3", "-I", "-"], task.check)
