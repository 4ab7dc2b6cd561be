"""SWE-bench Verified: 500 issues of twelve repositories, and three issues of our own in small.

C. Jimenez et al., arXiv 2310.06770; the verified subset is OpenAI's. The card used a scaffold with
two tools, bash and file editing by string replacement, an addendum that it prints, a thinking
budget of 128K tokens and 50 runs. An issue is resolved when the hidden tests say so: what the model
changed is taken from its repository as a patch, without the files that the hidden tests are in, and
applied to a fresh one, which it was never in. The rules are in ``grading``.
"""

from collections.abc import Callable, Sequence
from functools import partial

from inspect_ai.dataset import Sample
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Solver, TaskState, chain
from inspect_ai.util import sandbox

from senryu.evals.benchmark import Benchmark, Item
from senryu.evals.harness.agent import agent
from senryu.evals.harness.repositories import (
    PatchError,
    collect_patch,
    find_repository,
    log_of,
    repository_tools,
)
from senryu.evals.harness.sandbox import BUBBLEWRAP, DOCKER, containers
from senryu.evals.prompts import read_prompt
from senryu.evals.protocol import Arm, Question
from senryu.evals.tasks.swe_bench.grading import Verdict, grade
from senryu.evals.tasks.swe_bench.instances import (
    MINI,
    VERIFIED,
    Instance,
    load_mini,
    load_verified,
    parser_of,
)

__all__ = ["benchmarks", "issue_resolved"]

_PROMPT = read_prompt("swe-bench")
_ADDENDUM = read_prompt("swe-bench-addendum")
_TEST_SECONDS = 1_800
_ARMS = (Arm("thinking", num_runs=50, settings={"thinking_tokens": 128_000, "max_steps": 400}),)
_METHOD = (
    "A model with two tools, bash and file editing by string replacement, works on a repository"
    " until it calls no tool. Its changes, as a patch, are applied to a fresh repository, then the"
    " hidden tests: the issue is resolved if those that failed pass and none that passed fails."
    " The prompt has the addendum that the card prints."
)
_BOUNDS = "At most 400 steps, 3 minutes for a command and 30 minutes for the hidden tests."


def _load(instances: Callable[[], Sequence[Instance]]) -> Sequence[Item]:
    return [_item(each) for each in instances()]


def _item(instance: Instance) -> Item:
    text = _PROMPT.text.format(
        folder=instance.repository.folder, issue=instance.problem, addendum=_ADDENDUM.text
    )
    return Item(
        Question(instance.id),
        Sample(
            input=text,
            metadata={
                "instance": instance.model_dump(mode="json"),
                "repository": instance.repository.model_dump(mode="json"),
            },
            sandbox=None if instance.image is None else containers(instance.image),
        ),
    )


def _solve(arm: Arm) -> Solver:
    return chain(find_repository(), agent(arm, repository_tools))


@scorer(metrics=[mean()])
def issue_resolved() -> Scorer:
    """1 where the issue is resolved."""

    async def score(state: TaskState, target: Target) -> Score:
        del target
        instance = Instance.model_validate(state.metadata["instance"])
        patch = await collect_patch(sandbox(), state, without=instance.test_files)
        if not patch:
            return Score(value=False, explanation="nothing was changed")
        verdict = await _grade(instance, patch)
        return Score(
            value=verdict.resolved,
            explanation=verdict.reason,
            metadata={"patch": patch.decode(errors="replace")},
        )

    return score


async def _grade(instance: Instance, patch: bytes) -> Verdict:
    """What the hidden tests show of a patch."""
    try:
        log = await log_of(instance.repository, patch, instance.eval_script, seconds=_TEST_SECONDS)
    except PatchError as error:
        return Verdict(False, str(error))
    except TimeoutError:
        return Verdict(False, "Tests Timed Out")
    return grade(
        log,
        parser_of(instance.log_parser),
        fail_to_pass=instance.fail_to_pass,
        pass_to_pass=instance.pass_to_pass,
    )


benchmarks = (
    Benchmark(
        name="swe-bench-verified",
        method=_METHOD,
        arms=_ARMS,
        baseline="changes nothing",
        load=partial(_load, load_verified),
        solve=_solve,
        score=issue_resolved,
        datasets=(VERIFIED,),
        prompts=(_PROMPT, _ADDENDUM),
        deviations=(
            "The card prints its addendum and not the rest of its prompt: that is our own.",
            _BOUNDS,
        ),
        sandboxes=(DOCKER,),
        settings={"graded by": "swebench 5.0.2"},
    ),
    Benchmark(
        name="swe-mini",
        method=_METHOD,
        arms=_ARMS,
        baseline="changes nothing",
        load=partial(_load, load_mini),
        solve=_solve,
        score=issue_resolved,
        datasets=(MINI,),
        prompts=(_PROMPT, _ADDENDUM),
        deviations=(
            "Three issues of our own in small repositories stand in for SWE-bench Verified's 500.",
            "They need no container images; the record says which sandbox they ran in.",
            _BOUNDS,
        ),
        sandboxes=(BUBBLEWRAP, DOCKER),
    ),
)
