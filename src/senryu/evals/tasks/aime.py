r"""AIME 2025: 30 contest problems whose answers are integers from 0 to 999; also with Python.

The contest is the Mathematical Association of America's; its problems are not shipped. The card
averages 10 runs, in each of which every problem is tried 16 times. How replies are read:
``scoring.aime``. Problems of our own stand in where the contest's are not at hand.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Solver, TaskState

from senryu.evals.benchmark import Benchmark, Item
from senryu.evals.harness.agent import agent
from senryu.evals.harness.python_tool import python_tool
from senryu.evals.harness.sandbox import BUBBLEWRAP, DOCKER
from senryu.evals.harness.steps import answer
from senryu.evals.prompts import Prompt, read_prompt
from senryu.evals.protocol import Arm, Question, Setting
from senryu.evals.registry import data_folder
from senryu.evals.scoring.aime import parse_answer, score_answer

__all__ = ["aime_answer", "answer_with_python", "benchmarks", "read_problems"]

_PLAIN = read_prompt("aime")
_PYTHON = read_prompt("aime-python")
_MAX_STEPS = 100


def read_problems(path: Path, prompt: Prompt) -> Sequence[Item]:
    """The problems of a file, one JSON object a line: ``id``, ``problem`` and ``answer``."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    return [
        Item(
            Question(str(row["id"])),
            Sample(input=prompt.text.format(problem=row["problem"]), target=str(row["answer"])),
        )
        for row in rows
    ]


def answer_with_python(arm: Arm) -> Solver:
    """Answer in as many steps as the budget has, with Python in the sandbox."""
    return agent(arm, lambda _: [python_tool()])


@scorer(metrics=[mean()])
def aime_answer() -> Scorer:
    """1 where the integer of the last box, or else the last number, is the right one."""

    async def score(state: TaskState, target: Target) -> Score:
        found = parse_answer(state.output.completion)
        return Score(
            value=score_answer(int(target.text), found),
            answer=None if found is None else str(found),
        )

    return score


@dataclass(frozen=True, slots=True)
class _Problems:
    """A set of problems.

    Arguments:
        data: its name in the registry, and the start of its benchmarks' names.
        file: the one that holds it.
        what: it is, in a sentence.
        deviations: where it is not the card's.
    """

    data: str
    file: str
    what: str
    deviations: tuple[str, ...] = ()

    def load(self, prompt: Prompt) -> Sequence[Item]:
        """The items, asked with the prompt."""
        return read_problems(data_folder(self.data) / self.file, prompt)


_CONTEST = _Problems("aime-2025", "test.jsonl", "The 30 problems of AIME I and II of 2025.")
_OWN = _Problems(
    "aime-own",
    "problems.jsonl",
    "15 problems of this project's own, in the form of AIME.",
    ("Problems of our own stand in for the contest's; they are easier than its last ones.",),
)
_METHOD = (
    "Each run asks every problem 16 times; the score is the mean over 10 runs of the share of right"
    " answers. The integer in the last box of the reply counts, or else its last number."
)


def _plain(problems: _Problems) -> Benchmark:
    return Benchmark(
        name=problems.data,
        method=f"{problems.what} {_METHOD}",
        arms=(Arm("thinking", 10, 16, {"thinking_tokens": 128_000}),),
        baseline="writes nothing",
        load=partial(problems.load, _PLAIN),
        solve=answer,
        score=aime_answer,
        scores_replies=True,
        datasets=(problems.data,),
        prompts=(_PLAIN,),
        deviations=problems.deviations,
    )


def _with_python(problems: _Problems) -> Benchmark:
    settings: dict[str, Setting] = {"thinking_tokens": 128_000, "max_steps": _MAX_STEPS}
    return Benchmark(
        name=f"{problems.data}-python",
        method=(
            f"{problems.what} {_METHOD} The model may run Python programs, without the network; the"
            " thinking budget is that of all steps of a trial."
        ),
        arms=(Arm("thinking", 10, 16, settings),),
        baseline="writes nothing",
        load=partial(problems.load, _PYTHON),
        solve=answer_with_python,
        score=aime_answer,
        scores_replies=True,
        datasets=(problems.data,),
        prompts=(_PYTHON,),
        deviations=(
            *problems.deviations,
            f"The card does not describe its Python tool, nor a limit of steps; here it is"
            f" {_MAX_STEPS}.",
        ),
        sandboxes=(BUBBLEWRAP, DOCKER),
    )


benchmarks = tuple(
    each(problems) for problems in (_CONTEST, _OWN) for each in (_plain, _with_python)
)
