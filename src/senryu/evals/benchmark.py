"""What a benchmark is to the harness: items, arms, how to ask and how to score.

A file in ``tasks`` describes one; ``harness`` runs it. A benchmark gives one figure of a card.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from inspect_ai.dataset import Sample
from inspect_ai.scorer import Scorer
from inspect_ai.solver import Solver

from senryu.evals.catalog import find
from senryu.evals.prompts import Prompt
from senryu.evals.protocol import Aggregation, Arm, Averaging, Question, Setting

__all__ = ["Benchmark", "Item", "load_benchmark"]


@dataclass(frozen=True)
class Item:
    """One question with all that its trials need.

    Arguments:
        question: how it is counted.
        sample: what is asked: input, target, metadata, files of the sandbox. Its id is the
            question's; the harness adds which trial it is.
        baseline: what doing nothing scores on it, from 0 to 1.
    """

    question: Question
    sample: Sample
    baseline: float = 0.0


@dataclass(frozen=True)
class Benchmark:
    """A benchmark, by the method that its card describes.

    Arguments:
        name: as in the catalogue.
        method: how it is run and where that is from, for the card: a few plain sentences.
        arms: the runs of the card's protocol. The harness understands these settings of an arm:
            ``thinking_tokens`` (the budget of a trial; 0 is without thinking),
            ``thinking_tokens_per_step``, ``max_steps``, ``answer_tokens`` (output beside thinking
            in each step), ``seconds``, ``temperature``. Others are the solver's own.
        baseline: what the system that does nothing does.
        load: the items, all of them, in a fixed order. It may read data that is not in the package.
        solve: what works on a sample in an arm.
        score: what marks it: a scorer whose value is a number from 0 to 1 or a bool.
        scores_replies: whether that needs nothing but the last reply, so that what others published
            can be scored too.
        aggregation: which mean is the score.
        averaging: whether groups of questions count alike.
        datasets: names in the registry of data; their digests go into the protocol.
        prompts: what is said besides the data; their digests go into the protocol.
        deviations: where this is not the card's method, in plain sentences.
        sandboxes: the kinds of sandbox that its samples can run in, the preferred one first; none
            where they need none.
        settings: what else scores depend on, such as versions of what grades.
        roles: of other models that it cannot do without, such as ``judge``.
    """

    name: str
    method: str
    arms: tuple[Arm, ...]
    baseline: str
    load: Callable[[], Sequence[Item]]
    solve: Callable[[Arm], Solver]
    score: Callable[[], Scorer]
    scores_replies: bool = False
    aggregation: Aggregation = Aggregation.MEAN_OF_RUNS
    averaging: Averaging = Averaging.TRIALS
    datasets: tuple[str, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    deviations: tuple[str, ...] = ()
    sandboxes: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    roles: tuple[str, ...] = ()


def load_benchmark(name: str) -> Benchmark:
    """The benchmark that has the name.

    Raises:
        UnknownBenchmarkError: there is none.
    """
    module = importlib.import_module(f"senryu.evals.tasks.{find(name).module}")
    return next(each for each in module.benchmarks if each.name == name)
