"""Jobs without a place in memory: queued ones, and those that wait for another's prefill. Pure."""

from collections import deque
from collections.abc import Iterable

from senryu.engine.llama.batch import Flow, Running
from senryu.engine.llama.shares import Shares

__all__ = ["WaitingJobs"]


class WaitingJobs:
    """Queues by flow, in order of arrival, and followers by the job that they wait for.

    Arguments:
        shares: what each flow has had; a flow is active while a job of it waits or runs.
    """

    def __init__(self, shares: Shares[Flow]) -> None:
        self._shares = shares
        self._queues: dict[Flow, deque[Running]] = {}
        self._followers: dict[Running, list[tuple[int, Running]]] = {}

    def __len__(self) -> int:
        queued = sum(len(queue) for queue in self._queues.values())
        return queued + sum(len(followers) for followers in self._followers.values())

    @property
    def has_queued(self) -> bool:
        """Whether any job waits for a place only."""
        return bool(self._queues)

    @property
    def leaders(self) -> Iterable[Running]:
        """The running jobs that others wait for."""
        return self._followers.keys()

    def add(self, running: Running) -> None:
        """Queue a job, before those of its flow that came later."""
        self._shares.begin(running.flow)
        queue = self._queues.setdefault(running.flow, deque())
        place = len(queue)
        while place and queue[place - 1].arrival > running.arrival:
            place -= 1
        queue.insert(place, running)

    def first(self, among: Iterable[Running]) -> Running:
        """The queued job whose turn it is; there must be one.

        That of the flow with fewest jobs ``among`` the running ones for its weight, then of the one
        that had least, then with priority, then the oldest.
        """
        num_running = dict.fromkeys(self._queues, 0.0)
        for running in among:
            if running.flow in num_running:
                num_running[running.flow] += 1 / running.weight
        flow = min(
            self._queues,
            key=lambda flow: (
                num_running[flow],
                self._shares.level(flow),
                not flow[1],
                self._queues[flow][0].arrival,
            ),
        )
        return self._queues[flow][0]

    def remove(self, job_id: str) -> bool:
        """Forget a job; False if it does not wait here."""
        for flow, queue in self._queues.items():
            for running in queue:
                if running.job.id == job_id:
                    queue.remove(running)
                    if not queue:
                        del self._queues[flow]
                    return True
        for leader, followers in self._followers.items():
            for item in followers:
                if item[1].job.id == job_id:
                    followers.remove(item)
                    if not followers:
                        del self._followers[leader]
                    return True
        return False

    def follow(self, running: Running, leader: Running, length: int) -> None:
        """Let a job wait, which is not queued, until another has computed so many tokens."""
        self._followers.setdefault(leader, []).append((length, running))

    def wake(self, leader: Running) -> None:
        """Queue everybody again who waits for a job."""
        for _, running in self._followers.pop(leader, ()):
            self.add(running)

    def wake_served(self) -> None:
        """Queue everybody again whose wait is over."""
        for leader, followers in list(self._followers.items()):
            still = [item for item in followers if item[0] > leader.num_computed]
            if len(still) < len(followers):
                served = [item[1] for item in followers if item[0] <= leader.num_computed]
                self._followers[leader] = still
                if not still:
                    del self._followers[leader]
                for running in served:
                    self.add(running)

    def settle(self, running: Iterable[Running]) -> None:
        """Forget the flows of which no job waits nor is among the running ones."""
        followers = (each for some in self._followers.values() for _, each in some)
        self._shares.retain({*self._queues, *(each.flow for each in (*running, *followers))})
