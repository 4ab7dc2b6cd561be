"""Running a benchmark: every trial that is still to do, each recorded as soon as it is done.

Each run of each arm is one evaluation of Inspect's, with a log of its own. What the logs say is for
reading; what counts is the journal, which has a trial the moment that its sample ends.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import anyio
from anyio.to_thread import run_sync
from inspect_ai import Task, eval_async  # pyright: ignore[reportUnknownVariableType]
from inspect_ai.event import ModelEvent
from inspect_ai.hooks import Hooks, SampleEnd, hooks
from inspect_ai.log import EvalSample
from inspect_ai.model import Model
from inspect_ai.scorer import value_to_float
from inspect_ai.util import SandboxEnvironmentSpec

from senryu.evals.benchmark import Benchmark, Item
from senryu.evals.harness.plan import Options, plan_of, sample_of, trial_of
from senryu.evals.harness.sandbox import choose_sandbox
from senryu.evals.harness.steps import spent_of_usage
from senryu.evals.journal import Journal
from senryu.evals.protocol import Price, Protocol, Spent, Trial, TrialId
from senryu.evals.record import open_record

__all__ = ["Endpoint", "Progress", "run_benchmark"]

_CANCELLED = "CancelledError"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a benchmark is.

    Arguments:
        num_done: trials that have a score, also those of earlier sittings.
        num_broken: trials that broke off in this sitting.
        num_trials: in all.
        spent: what the trials of this sitting used up.
        reason: why the last one broke off, if it did.
    """

    num_done: int
    num_broken: int
    num_trials: int
    spent: Spent
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What takes part in a run.

    Arguments:
        name: the id of the model that is evaluated.
        model: that model.
        roles: other models, by role.
        in_flight: trials at a time, at most.
        price: of the evaluated model's tokens, None where nothing is counted.
    """

    name: str
    model: Model
    roles: Mapping[str, Model]
    in_flight: int
    price: Price | None = None


async def run_benchmark(
    benchmark: Benchmark,
    endpoint: Endpoint,
    options: Options,
    *,
    logs: Path,
    report: Callable[[Progress], None],
) -> Path:
    """Do what is still to do, and return the record's folder.

    A trial that broke off is tried again by the next call; one with a score never is.

    Arguments:
        logs: the folder of all records.
        report: is told how far it is, after each trial.

    Raises:
        KeyboardInterrupt: it was interrupted; what was done is recorded.
        NoSandboxError: it needs one that is not here.
        MissingDataError: data of the benchmark is not here.
        JournalError, RecordError: the record cannot be used.
        ValueError: there is nothing to do.
        OSError: something cannot be written.
    """
    items = await run_sync(benchmark.load)
    sandbox = (
        await choose_sandbox(benchmark.sandboxes, options.sandbox) if benchmark.sandboxes else None
    )
    taken = replace(options, sandbox=sandbox and sandbox.type)
    plan, chosen = plan_of(benchmark, items, taken, model=endpoint.name)
    folder, journal = await run_sync(open_record, logs, plan)
    with closing(journal):
        sitting = _Sitting(journal, plan.protocol, price=endpoint.price, report=report)
        tasks = _tasks(benchmark, chosen, sitting, folder=folder, sandbox=sandbox)
        if tasks:
            await _evaluate(tasks, sitting, endpoint, folder=folder)
    return folder


def _tasks(
    benchmark: Benchmark,
    items: Sequence[Item],
    sitting: "_Sitting",
    *,
    folder: Path,
    sandbox: SandboxEnvironmentSpec | None,
) -> list[Task]:
    """One task for each run of each arm that has something left to do."""
    protocol = sitting.protocol
    by_id = {item.question.id: item for item in items}
    arms = {arm.name: arm for arm in protocol.arms}
    left = protocol.remaining(sitting.scored)
    return [
        Task(
            dataset=[sample_of(by_id[each.question], str(folder), each) for each in trials],
            solver=benchmark.solve(arms[arm]),
            scorer=benchmark.score(),
            sandbox=sandbox,
            name=f"{benchmark.name}-{_plain(arm)}-{run}",
            metadata={"protocol": protocol.digest, "arm": arm, "run": run},
            fail_on_error=False,
        )
        for (arm, run), trials in groupby(left, key=lambda trial: (trial.arm, trial.run))
    ]


async def _evaluate(
    tasks: Sequence[Task], sitting: "_Sitting", endpoint: Endpoint, *, folder: Path
) -> None:
    """Have Inspect do the tasks, until a trial cannot be written: what follows would be lost."""
    largest = max(len(task.dataset) for task in tasks)
    _SITTINGS[str(folder)] = sitting
    try:
        done = await eval_async(
            list(tasks),
            model=endpoint.model,
            model_roles=dict(endpoint.roles),
            log_dir=str(folder / "logs"),
            max_samples=endpoint.in_flight,
            max_tasks=max(1, endpoint.in_flight // largest),
            acp_server=False,
            ctl_server=False,
            score_display=False,
        )
    finally:
        del _SITTINGS[str(folder)]
        sitting.check()
    if any(log.status == "cancelled" for log in done):
        raise KeyboardInterrupt  # which Inspect keeps to itself


class _Sitting:
    """One call's account of a record: writes trials, tells how far it is."""

    def __init__(
        self,
        journal: Journal,
        protocol: Protocol,
        *,
        price: Price | None,
        report: Callable[[Progress], None],
    ) -> None:
        self.protocol = protocol
        self._task = asyncio.current_task()
        trials = journal.collected.trials.values()
        self.scored = {trial.id for trial in trials if trial.score is not None}
        self._journal = journal
        self._price = price
        self._report = report
        self._writing = anyio.Lock()
        self._progress = Progress(len(self.scored), 0, protocol.num_trials, Spent())
        self._failure: Exception | None = None
        report(self._progress)

    async def record(self, trial_id: TrialId, sample: EvalSample) -> None:
        """Write what became of a trial."""
        if sample.error is not None and sample.error.message.startswith(_CANCELLED):
            return  # nothing became of it: it is still to do
        trial = _trial(trial_id, sample, self._price)
        try:
            async with self._writing:
                await run_sync(self._journal.record, trial)
        except Exception as error:
            self._failure = error  # Inspect logs what a hook raises and would go on
            if self._task is not None:
                # As an interruption: a cancelled scope would keep Inspect from closing logs.
                self._task.cancel()
            raise
        scored = trial.score is not None
        if scored:
            self.scored.add(trial_id)
        self._progress = replace(
            self._progress,
            num_done=len(self.scored),
            num_broken=self._progress.num_broken + (not scored),
            spent=self._progress.spent + trial.spent,
            reason=trial.reason,
        )
        self._report(self._progress)

    def check(self) -> None:
        """Raise what kept a trial from being written."""
        if self._failure is not None:
            raise self._failure


_SITTINGS: dict[str, _Sitting] = {}  # by the record's folder; hooks are the process's


class _JournalHooks(Hooks):
    async def on_sample_end(self, data: SampleEnd) -> None:
        found = trial_of(data.sample.metadata)
        if found is not None and found.record in _SITTINGS:
            await _SITTINGS[found.record].record(found.trial, data.sample)


# By call: the decorator's types would hide the class.
hooks(name="senryu_journal", description="Records each trial in its journal.")(_JournalHooks)


def _trial(trial_id: TrialId, sample: EvalSample, price: Price | None) -> Trial:
    usages = [
        spent_of_usage(event.output.usage)
        for event in sample.events
        if isinstance(event, ModelEvent) and event.role is None and not event.error
    ]
    spent = replace(sum(usages, Spent()), seconds=sample.working_time or 0.0)
    if price is not None:
        spent = replace(spent, cost=price.of(spent))
    if sample.error is not None:
        return Trial(trial_id, None, spent, sample.error.message)
    if not sample.scores:
        return Trial(trial_id, None, spent, "it has no score")
    score = next(iter(sample.scores.values()))
    return Trial(trial_id, value_to_float()(score.value), spent)


def _plain(name: str) -> str:
    return "".join(each if each.isalnum() else "-" for each in name)
