"""Terminal-Bench: tasks in a terminal, solved by Terminus 2, checked by what is left behind.

The card's figure is of Terminus 2 with its XML parser: 6 runs without thinking and 5 with a budget
of 32K, each task tried once in a run. 80 tasks fit its figures and 89 do not, so they are those of
terminal-bench-core 0.1.1; and 41.0 is the mean of its two arms and not of its 11 runs. The budget
is taken for one of each request, which is where Terminus 2 puts it.

``terminal-mini`` runs the same loop on a few tasks of our own. The other two run Harbor, which
needs containers: the tasks of the card's time, and the set of today under another name.
"""

from senryu.evals.benchmark import Benchmark
from senryu.evals.harness.sandbox import BUBBLEWRAP
from senryu.evals.protocol import Aggregation, Arm
from senryu.evals.tasks.terminal import mini
from senryu.evals.tasks.terminal.agent import PROMPTS
from senryu.evals.tasks.terminal.harbor import HARBOR_VERSION, NAMES, TaskSet, solve_with, verdict

__all__ = ["benchmarks"]

_THINKING = 32_000
_MAX_STEPS = 50
_LIMITS = {"max_steps": _MAX_STEPS, "seconds": 1_200}
_CORE_DATA = "terminal-bench-core"


def _through_harbor(
    name: str, task_set: TaskSet, *, told: str, deviations: tuple[str, ...]
) -> Benchmark:
    """A set of Terminal-Bench's own.

    Arguments:
        told: which tasks they are.
    """
    return Benchmark(
        name=name,
        method=(
            f"{told} Harbor {HARBOR_VERSION} runs each in a container, with Terminus 2 and its XML"
            " parser, tries it once, and scores by the task's own tests. The thinking budget is one"
            " of each request. Both arms count alike."
        ),
        arms=(
            Arm("no thinking", num_runs=6, settings={"thinking_tokens": 0}),
            Arm("thinking", num_runs=5, settings={"thinking_tokens": _THINKING}),
        ),
        baseline="leaves everything as it was; taken for 0, as only containers can tell",
        load=task_set.load,
        solve=solve_with(task_set),
        score=verdict,
        aggregation=Aggregation.MEAN_OF_ARMS,
        datasets=(NAMES, *([task_set.data] if task_set.data else [])),
        deviations=deviations,
        settings={"harbor": HARBOR_VERSION, "tasks": task_set.published or task_set.data},
    )


benchmarks = (
    _through_harbor(
        "terminal-bench-core",
        TaskSet("core-0.1.1.txt", data=_CORE_DATA),
        told="The 80 tasks of terminal-bench-core 0.1.1, which the card's figure is of.",
        deviations=(
            "The tasks run in Harbor, converted to its format, and not in the harness of their"
            " time.",
        ),
    ),
    _through_harbor(
        "terminal-bench-2",
        TaskSet("2.1.txt", published="terminal-bench/terminal-bench-2-1"),
        told="The 89 tasks of Terminal-Bench 2.1.",
        deviations=("The card's figure is of other tasks, those of terminal-bench-core 0.1.1.",),
    ),
    Benchmark(
        name="terminal-mini",
        method=(
            "Tasks of our own in a terminal. The model reads the task and what the terminal shows,"
            " and answers with keystrokes in the XML format of Terminus 2. When it has said twice"
            " that it is done, or its limits end it, a script checks what it left behind. Both arms"
            " count alike."
        ),
        arms=(
            Arm("no thinking", num_runs=6, settings={"thinking_tokens": 0, **_LIMITS}),
            Arm(
                "thinking",
                num_runs=5,
                settings={
                    "thinking_tokens": _THINKING * _MAX_STEPS,
                    "thinking_tokens_per_step": _THINKING,
                    **_LIMITS,
                },
            ),
        ),
        baseline="leaves everything as it was",
        load=mini.load,
        solve=mini.solve,
        score=mini.check,
        aggregation=Aggregation.MEAN_OF_ARMS,
        datasets=(mini.DATA,),
        prompts=PROMPTS,
        deviations=(
            "Small tasks of our own stand in for Terminal-Bench's, in a sandbox without network"
            " and not in a container.",
            "The loop and its prompts are our own, after Terminus 2.",
            f"A trial ends after {_MAX_STEPS} steps or {_LIMITS['seconds']} seconds; Terminus 2 has"
            " no limit of steps, and each task one of time.",
            "Where a conversation outgrows the model's window, earlier screens and turns are left"
            " out; Terminus 2 has the model summarise it.",
            "What runs when the model is done is ended, and only files are checked.",
        ),
        sandboxes=(BUBBLEWRAP,),
    ),
)
