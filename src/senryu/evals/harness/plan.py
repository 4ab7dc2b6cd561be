"""What a run is to be: the benchmark's protocol, and how this run departs from it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version

from inspect_ai.dataset import Sample

from senryu.evals.benchmark import Benchmark, Item
from senryu.evals.protocol import Arm, Baseline, Protocol, Setting, TrialId
from senryu.evals.record import Plan
from senryu.evals.registry import data_digest

__all__ = ["Options", "TrialSample", "plan_of", "sample_of", "trial_of"]

_KEY = "senryu"  # of a sample's metadata: which trial it is


@dataclass(frozen=True, slots=True)
class Options:
    """What departs from a card's protocol, where anything does.

    Arguments:
        runs: of each arm.
        limit: how many questions, evenly spread over all of them.
        trials: of each question in a run.
        thinking_tokens: the budget of arms that think.
        answer_tokens: what each step may write beside its thinking.
        max_steps: of each trial.
        seconds: of each trial.
        models: the other models that take part, by role, such as ``user`` or ``judge``.
        sandbox: the kind of sandbox, None where nothing needs one.
    """

    runs: int | None = None
    limit: int | None = None
    trials: int | None = None
    thinking_tokens: int | None = None
    answer_tokens: int | None = None
    max_steps: int | None = None
    seconds: float | None = None
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    sandbox: str | None = None


@dataclass(frozen=True, slots=True)
class TrialSample:
    """Which trial of which record a sample is."""

    record: str
    trial: TrialId


def plan_of(
    benchmark: Benchmark, items: Sequence[Item], options: Options, *, model: str
) -> tuple[Plan, Sequence[Item]]:
    """What is to be done and with which items.

    Arguments:
        items: all of the benchmark's.
        model: the id of what is evaluated.

    Raises:
        ValueError: there is nothing to do, or no model for a role that must be played.
    """
    for role in benchmark.roles:
        if role not in options.models:
            raise ValueError(f"{benchmark.name} needs a model as {role}: give --{role}-model")
    chosen = _spread(items, options.limit)
    arms = tuple(_arm(arm, options) for arm in benchmark.arms)
    protocol = Protocol(
        benchmark.name,
        tuple(item.question for item in chosen),
        arms,
        benchmark.aggregation,
        benchmark.averaging,
        provenance={"model": model, **_provenance(benchmark, options)},
    )
    baseline = Baseline(benchmark.baseline, {each.question.id: each.baseline for each in chosen})
    departs = [*benchmark.deviations, *_departures(benchmark, len(items), options)]
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return Plan(protocol, baseline, benchmark.method, tuple(departs), created), chosen


def sample_of(item: Item, record: str, trial: TrialId) -> Sample:
    """What one trial asks; its id tells trials of a question apart."""
    name = trial.question if trial.trial == 1 else f"{trial.question}#{trial.trial}"
    which = {"record": record, "arm": trial.arm, "run": trial.run}
    mark = {_KEY: {**which, "question": trial.question, "trial": trial.trial}}
    metadata = {**(item.sample.metadata or {}), **mark}
    return item.sample.model_copy(update={"id": name, "metadata": metadata}, deep=True)


def trial_of(metadata: Mapping[str, object]) -> TrialSample | None:
    """Which trial a sample with such metadata is, None if it is none of ours."""
    match metadata.get(_KEY):
        case {
            "record": str(record),
            "arm": str(arm),
            "run": int(run),
            "question": str(question),
            "trial": int(trial),
        }:
            return TrialSample(record, TrialId(arm, run, question, trial))
        case _:
            return None


def _spread(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """So many items from all over the set: sets are often sorted by kind."""
    if limit is None or limit >= len(items):
        return items
    return [items[index * len(items) // limit] for index in range(limit)]


def _arm(arm: Arm, options: Options) -> Arm:
    settings: dict[str, Setting] = dict(arm.settings)
    if options.thinking_tokens is not None and settings.get("thinking_tokens"):
        settings["thinking_tokens"] = options.thinking_tokens
    for name in ("answer_tokens", "max_steps", "seconds"):
        given: Setting = getattr(options, name)
        if given is not None:
            settings[name] = given
    return replace(
        arm,
        num_runs=arm.num_runs if options.runs is None else options.runs,
        num_trials=arm.num_trials if options.trials is None else options.trials,
        settings=settings,
    )


def _provenance(benchmark: Benchmark, options: Options) -> dict[str, Setting]:
    found: dict[str, Setting] = {"harness": version("senryu"), "inspect-ai": version("inspect-ai")}
    found |= {f"data {name}": data_digest(name) for name in benchmark.datasets}
    found |= {f"prompt {each.name}": each.digest for each in benchmark.prompts}
    found |= {f"model of {role}": model for role, model in options.models.items()}
    if options.sandbox is not None:
        found["sandbox"] = options.sandbox
    return found | dict(benchmark.settings)


def _departures(benchmark: Benchmark, num_items: int, options: Options) -> Iterator[str]:
    """Where the options depart from the card's protocol, in plain sentences."""
    if options.limit is not None and options.limit < num_items:
        yield f"{options.limit} of {num_items} questions were asked, evenly spread."
    for arm in benchmark.arms:
        name = f"Arm '{arm.name}'"
        if options.runs is not None and options.runs != arm.num_runs:
            yield f"{name}: {options.runs} of {arm.num_runs} runs."
        if options.trials is not None and options.trials != arm.num_trials:
            yield f"{name}: {options.trials} of {arm.num_trials} trials of a question in a run."
        budget = arm.settings.get("thinking_tokens")
        if budget and options.thinking_tokens not in (None, budget):
            yield f"{name}: a thinking budget of {options.thinking_tokens} and not {budget} tokens."
        yield from _limits(name, arm, options)


def _limits(name: str, arm: Arm, options: Options) -> Iterator[str]:
    words = {"answer_tokens": "answer tokens a step", "max_steps": "steps", "seconds": "seconds"}
    for setting, unit in words.items():
        given = getattr(options, setting)
        if given is not None and given != arm.settings.get(setting):
            yield f"{name}: at most {given} {unit}."
