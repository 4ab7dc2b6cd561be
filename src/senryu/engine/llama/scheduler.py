"""Continuous batching: which tokens of which jobs the next step computes.

A sequence has tokens known (prompt and reply) and tokens computed; the difference is its work. One
token of work is a decode, more is prefill, and a preempted sequence simply has more to compute
again, as has a reply into which tokens were put that nobody chose. Pure: no native code, no text.
The caller alternates ``plan`` and ``commit`` on one thread; the same calls always make the same
decisions.
"""

from collections.abc import Sequence, Set

from senryu.core import CacheUse, FinishReason, Job
from senryu.engine.base import EngineStatus
from senryu.engine.llama.batch import (
    Flow,
    Limits,
    Outcome,
    Placed,
    Row,
    Running,
    Sampled,
    Sight,
    Step,
    Totals,
)
from senryu.engine.llama.cache import common_length
from senryu.engine.llama.idle import IdleUses
from senryu.engine.llama.pictures import Span, whole_length
from senryu.engine.llama.prompt_cache import Found, PromptCache, Source
from senryu.engine.llama.shares import Shares
from senryu.engine.llama.slots import AuditError, Slots
from senryu.engine.llama.speculate import Speculation
from senryu.engine.llama.waiting import WaitingJobs

__all__ = ["Scheduler"]

_MOST_ENDS = 64  # block ends, from the last one, where saved memory is looked for
_LEAST_SHARED = 64  # tokens worth waiting for: fewer are not worth the step that it may cost
_ROWS_A_BLOCK = 8  # saved beside them: about 1 ms to 20 ms of computing
_BLOCKS_ALONE = 64
# With drafts, so that speculation never makes the CPU's attention take its kernel for 64 rows and
# more, whose rounding differs.
_MOST_ROWS = 63
_NOTHING = Sampled()


class Scheduler:
    """Queue, running set and memory of one model.

    Arguments:
        slots: the memory; nobody else changes it but ``cache``.
        cache: where finished sequences go, on the same ``slots``.
        limits: bounds of the above.
        end_tokens: tokens that end a reply, which no draft has.
        sight: makes pictures ready; None for a model that sees none.
    """

    def __init__(
        self,
        slots: Slots,
        cache: PromptCache,
        *,
        limits: Limits,
        end_tokens: Set[int],
        sight: Sight | None = None,
    ) -> None:
        self._slots = slots
        self._sight = sight
        self._cache = cache
        self._limits = limits
        self._end_tokens = end_tokens
        self._running: list[Running] = []  # oldest first
        self._shares: Shares[Flow] = Shares()
        self._waiting = WaitingJobs(self._shares)
        self._is_stuck = False  # the next in turn does not fit, until memory is given back
        self._idle = IdleUses()
        self._num_arrived = 0
        self._totals = Totals()

    @property
    def has_work(self) -> bool:
        """Whether any job is queued or running."""
        return bool(self._running) or self._waiting.has_queued

    @property
    def num_queued(self) -> int:
        """Jobs without a sequence."""
        return len(self._waiting)

    def status(self) -> EngineStatus:
        """Load and totals now."""
        totals = self._totals
        return EngineStatus(
            ready=True,
            num_running=len(self._running),
            num_queued=self.num_queued,
            num_cells=self._slots.num_cells,
            num_used_cells=self._slots.num_used_cells,
            num_shared_cells=self._slots.num_shared_cells,
            num_cache_entries=self._cache.num_entries,
            num_prompts=totals.prompts,
            num_cache_hits=totals.hits,
            num_prefilled_tokens=totals.prefilled,
            num_cached_tokens=totals.cached,
            num_generated_tokens=totals.generated,
            num_drafted_tokens=totals.drafted,
            num_accepted_tokens=totals.accepted,
            num_preemptions=totals.preemptions,
            num_saved_blocks=self._cache.num_saved_blocks,
            num_loaded_blocks=self._cache.num_loaded_blocks,
        )

    def submit(self, job: Job, begun: Sampled = _NOTHING, spans: Sequence[Span] = ()) -> bool:
        """Queue a job; False when the queue is full.

        Arguments:
            job: the job; ``len(job.tokens) + job.max_tokens`` must not be more than there are
                cells.
            begun: what its reply begins with, before anything is sampled.
            spans: the pictures in its prompt.
        """
        num_places = self._limits.max_running - len(self._running)
        if self.num_queued >= self._limits.max_queued + num_places:
            return False
        self._num_arrived += 1
        speculation = None
        if self._limits.costs is not None and self._cache.cuttable and job.max_tokens > 1:
            speculation = Speculation(
                job.tokens, costs=self._limits.costs, end_tokens=self._end_tokens
            )
        deadline = self._totals.prefilled + len(job.tokens)
        running = Running(job, self._num_arrived, deadline, speculation, list(job.tokens))
        running.spans = tuple(spans)
        if begun.tokens or begun.is_done:
            running.begin_with(begun)
        if not self._cache.cuttable:
            running.stops = {point.position for point in job.cache_points}
        self._waiting.add(running)
        self._is_stuck = False
        return True

    def cancel(self, job_id: str) -> bool:
        """Forget a job and free its cells; False when it is not here (any more)."""
        for running in self._running:
            if running.job.id == job_id:
                self._stop(running)
                self._memory_changed()
                return True
        if self._waiting.remove(job_id):
            self._memory_changed()
            return True
        return False

    def plan(self) -> Step:
        """Admit what fits, make room, and choose the tokens of the next step."""
        self._idle.note(self._cache.num_uses)
        placed = self._admit()
        self._make_room()
        decoding, filling = self._decoding_and_filling()
        rows = [self._row(running, running.num_pending) for running in decoding]
        budget = self._prefill_budget(len(filling), len(decoding))
        budget -= sum(row.count - 1 for row in rows)
        while budget > 0 and filling:
            running = min(filling, key=self._prefill_turn)
            filling.remove(running)
            is_whole = self._limits.whole_pictures and running.tokens[running.num_computed] < 0
            most = running.to_next_stop
            rows.append(self._row(running, most if is_whole else min(budget, most)))
            self._shares.charge(running.flow, rows[-1].count, running.weight)
            budget -= rows[-1].count
        if decoding:
            rows = self._with_drafts(rows, len(decoding))
        for row in rows:
            self._slots.grow(row.seq, row.count + len(row.draft))
        self._tidy_beside(rows)
        return Step(self._slots.take_journal(), tuple(rows), placed)

    def commit(self, step: Step, sampled: Sequence[Sampled]) -> list[Outcome]:
        """Take a computed step's results.

        Arguments:
            step: what ``plan`` returned last; no other call came between.
            sampled: for each row with ``sample``, in their order, what came out. A reply that
                goes on has one token at least that is not computed.
        """
        outcomes: list[Outcome] = []
        results = iter(sampled)
        for row in step.rows:
            running = row.running
            num_prompt = len(running.job.tokens)
            self._totals.prefilled += max(0, min(row.start + row.count, num_prompt) - row.start)
            running.num_computed += row.count
            if running.num_computed in running.stops and not self._cache.cuttable:
                self._keep_state(running)
            if row.sample:
                outcomes.append(self._extend(running, row, next(results)))
            elif running.num_pending == 0:  # nothing was to be chosen
                self._begin_reply(running)
                self._retire(running)
                self._totals.generated += len(running.begun)
                finish = FinishReason.END if running.is_done else FinishReason.LENGTH
                outcomes.append(Outcome(running.job, running.begun, finish))
        return outcomes

    def tidy(self) -> bool:
        """While there is no work: let the cache save a little; True if there may be more to do."""
        return self._cache.tidy(idle_since=0, max_blocks=_BLOCKS_ALONE)

    def audit(self) -> None:
        """Prove that every sequence id has one owner and covers what the owner computed.

        Raises AuditError where it does not add up.
        """
        self._slots.audit()
        self._cache.audit()
        owned = [running.seq for running in self._running]
        if sorted([*owned, *self._cache.seqs], key=str) != sorted(self._slots.seqs, key=str):
            raise AuditError("sequence ids and their owners differ")
        for running in self._running:
            if running.seq is None or self._slots.length(running.seq) != running.num_computed:
                raise AuditError(f"job {running.job.id} computed what its sequence does not hold")
        if any(leader not in self._running for leader in self._waiting.leaders):
            raise AuditError("a job waits for one that does not run")

    # Rows

    def _decoding_and_filling(self) -> tuple[list[Running], list[Running]]:
        """Who goes on in this step, and who has something to prefill. The former have one token to
        compute, or as many as a chunk can take that were put into their replies."""
        room = min(self._limits.prefill_chunk, self._limits.step_tokens)
        decoding: list[Running] = []
        filling: list[Running] = []
        for running in self._running:
            more = running.num_pending - 1
            if running.spans and not self._sees(running):
                continue  # what it needs is made ready meanwhile
            if more == 0:
                decoding.append(running)
            elif running.started and more <= room and running.to_next_stop > more:
                room -= more
                self._shares.charge(running.flow, more, running.weight)
                decoding.append(running)
            else:
                filling.append(running)
        return decoding, filling

    def _sees(self, running: Running) -> bool:
        """Whether the next token can be computed; its pictures are made ready in any case."""
        ahead = running.pictures_ahead
        is_ready = self._sight is not None and self._sight.look(running.job.id, ahead)
        return is_ready or not ahead or running.num_computed < ahead[0]

    def _prefill_budget(self, num_filling: int, num_decoding: int) -> int:
        """Prompt tokens of a step: the more jobs wait for their first token compared with those
        that wait for their next one, the more. One prompt alone never gets more than a chunk."""
        if not num_decoding:
            return self._limits.step_tokens
        others = max(0, num_filling - 1)
        chunk = self._limits.prefill_chunk * (num_decoding + others) // num_decoding
        return min(chunk, self._limits.step_tokens)

    def _row(self, running: Running, count: int) -> Row:
        assert running.seq is not None
        sample = count == running.num_pending and running.wants_more
        return Row(running, running.seq, running.num_computed, count, sample)

    def _prefill_turn(self, running: Running) -> tuple[float, int]:
        """Whose prefill comes first: the flow that had least; in it, who should be done first."""
        return self._shares.level(running.flow), running.deadline

    def _with_drafts(self, rows: list[Row], num_decoding: int) -> list[Row]:
        """Add drafts to the decoding rows, which are the first ones, as far as they pay."""
        if self._limits.costs is None or (self._limits.only_alone and len(self._running) > 1):
            return rows
        num_rows = sum(row.count for row in rows)
        room = min(_MOST_ROWS, self._slots.num_free_cells) - num_rows
        for index in range(num_decoding):
            running = rows[index].running
            most = min(room, running.job.max_tokens - running.num_generated - 1)
            if running.speculation is None or most <= 0 or running.tokens[-1] < 0:
                continue
            draft = tuple(running.speculation.draft(num_rows, most))
            if draft:
                row = rows[index]
                rows[index] = Row(running, row.seq, row.start, row.count, row.sample, draft)
                num_rows += len(draft)
                room -= len(draft)
        return rows

    def _tidy_beside(self, rows: Sequence[Row]) -> None:
        """Let the cache save and move out a little in the shadow of a step."""
        num_rows = sum(row.count + len(row.draft) for row in rows)
        pending = sum(running.num_pending for running in self._running)
        idle_since = self._idle.since(num_rows, pending=pending)
        num_blocks = max(1, min(_BLOCKS_ALONE, num_rows // _ROWS_A_BLOCK))
        if self._cache.tidy(idle_since=idle_since, max_blocks=num_blocks):
            self._is_stuck = False

    # Results

    def _extend(self, running: Running, row: Row, sampled: Sampled) -> Outcome:
        """Take what came out of a sampled row, as far as the reply may be long."""
        if not running.started:
            self._begin_reply(running)
        if running.speculation is not None:
            running.speculation.extend(sampled.tokens)
        kept = tuple(sampled.tokens[: running.job.max_tokens - running.num_generated])
        running.tokens += kept
        finish: FinishReason | None = None
        if sampled.is_done and len(kept) == len(sampled.tokens):
            finish = FinishReason.END
        elif not running.wants_more:
            finish = FinishReason.LENGTH
        num_right = min(sampled.num_right, len(kept))
        running.num_computed += num_right
        if row.draft and num_right < len(row.draft):
            self._slots.cut(row.seq, running.num_computed)
        told, running.begun = (*running.begun, *kept), ()
        self._totals.generated += len(told)
        self._totals.drafted += len(row.draft)
        self._totals.accepted += num_right
        self._shares.charge(running.flow, 1, running.weight)
        if finish is not None:
            self._retire(running)
        return Outcome(running.job, told, finish)

    def _begin_reply(self, running: Running) -> None:
        """From now on others may read what this job's cache points marked."""
        running.started = True
        running.pinned_until = self._cache.write(
            running.job.workspace, running.prompt, running.job.cache_points
        )

    def _retire(self, running: Running) -> None:
        assert running.seq is not None
        seq, running.seq = running.seq, None
        self._running.remove(running)
        self._waiting.wake(running)
        self._cache.keep(
            running.job.workspace,
            running.tokens[: running.num_computed],
            seq,
            pinned_until=running.pinned_until,
            points=tuple(point.position for point in running.job.cache_points),
        )
        self._memory_changed()

    def _stop(self, running: Running) -> None:
        assert running.seq is not None
        self._running.remove(running)
        self._slots.release(running.seq)
        running.seq = None
        running.num_computed = 0
        self._waiting.wake(running)

    def _keep_state(self, running: Running) -> None:
        """Keep a copy of memory that cannot be cut, as it is now."""
        if running.seq is None or not self._cache.reuses or not self._slots.num_free_seqs:
            return
        copy = self._slots.acquire()
        self._slots.share(running.seq, copy, running.num_computed)
        marked = {point.position for point in running.job.cache_points}
        points = (running.num_computed,) if running.num_computed in marked else ()
        self._cache.keep(
            running.job.workspace, running.tokens[: running.num_computed], copy, points=points
        )

    # Admission

    def _admit(self) -> tuple[Placed, ...]:
        placed: list[Placed] = []
        self._waiting.wake_served()
        while (
            self._waiting.has_queued
            and not self._is_stuck
            and len(self._running) < self._limits.max_running
        ):
            running = self._waiting.first(self._running)
            leader = self._leader(running)
            if leader is None:
                use = self._place(running)
                if use is None:
                    # The next in turn waits for memory; letting others pass could starve it.
                    self._is_stuck = True
                    break
                if not running.placed:
                    running.placed = True
                    placed.append(Placed(running.job, use))
            self._waiting.remove(running.job.id)
            if leader is not None:
                self._waiting.follow(running, *leader)
        return tuple(placed)

    # Sharing what is under way

    def _best_running(self, running: Running) -> tuple[Source, Running | None, int]:
        """What running jobs hold, and will hold, of the beginning of another's tokens.

        Returns the longest that can be shared now, the one that will have most in the end (None if
        that is no more), and how much that will be.
        """
        now, leader, later = Source(-1, 0), None, 0
        wanted = running.wanted
        for other in self._running:
            if other.job.workspace != running.job.workspace or other.seq is None:
                continue
            common = whole_length(wanted, common_length(other.prompt, wanted))
            length = min(common, other.num_computed) if self._cache.cuttable else 0
            if length > now.length:
                now = Source(other.seq, length)
            if common > max(later, other.num_computed):
                leader, later = other, common
        return now, leader, later

    def _leader(self, running: Running) -> tuple[Running, int] | None:
        """Whose prefill to wait for, and for how much of it, instead of computing the same."""
        if not self._cache.reuses:
            return None
        source, leader, later = self._best_running(running)
        if leader is None or leader.job.priority < running.job.priority:
            return None
        found = self._find(running, source)
        # Worth it only while the other is at least as near to the place where they part.
        if later - found.length < _LEAST_SHARED or leader.num_computed < found.length:
            return None
        leader.stops.add(later)
        return leader, later

    # Memory

    def _find(self, running: Running, source: Source) -> Found:
        wanted = running.wanted
        points = running.job.cache_points
        places = {point.position for point in points}.union(*(point.lookback for point in points))
        ends = {*running.job.block_ends[-_MOST_ENDS:], *places, running.num_computed}
        return self._cache.find(running.job.workspace, wanted, ends=ends, other=source)

    def _place(self, running: Running) -> CacheUse | None:
        """Give a queued job a sequence and what is cached of it, if its known tokens fit."""
        if not self._slots.num_free_seqs and not self._cache.evict():
            return None
        source = self._best_running(running)[0] if self._cache.reuses else Source(-1, 0)
        found = self._find(running, source)
        seq = self._slots.acquire()
        if found.source is not None:
            self._slots.share(found.source.seq, seq, found.source.length)
        self._slots.show(seq, running.spans)
        promised = sum(each.num_pending for each in self._running)
        num_held = found.source.length if found.source else 0
        if not self._free(promised + len(running.tokens) - num_held):
            self._slots.release(seq)
            return None
        self._cache.attach(found, seq)
        running.seq = seq
        running.num_computed = found.length
        self._running.append(running)
        self._running.sort(key=lambda each: each.arrival)
        if running.placed:
            return CacheUse()
        cached = min(found.length, len(running.job.tokens))  # not what the reply begins with
        self._totals.prompts += 1
        self._totals.hits += cached > 0
        self._totals.cached += cached
        read = self._cache.read(
            running.job.workspace, running.prompt, running.job.cache_points, length=found.length
        )
        return CacheUse(cached, read)

    def _memory_changed(self) -> None:
        """Something was given back, or somebody has left."""
        self._is_stuck = False
        self._waiting.settle(self._running)

    def _free(self, count: int) -> bool:
        """Have ``count`` free cells, evicting cache entries as needed."""
        while self._slots.num_free_cells < count:
            if not self._cache.evict():
                return False
        return True

    def _make_room(self) -> None:
        """Preempt until everything known to the others fits: the young first, priority last."""
        while not self._free(sum(running.num_pending for running in self._running)):
            self._preempt(max(self._running, key=lambda each: (-each.weight, each.arrival)))

    def _preempt(self, running: Running) -> None:
        """Take a job's memory away; what it computed is saved, so that it can go on later."""
        assert running.seq is not None
        seq, running.seq = running.seq, None
        self._running.remove(running)
        self._waiting.wake(running)
        self._cache.keep(running.job.workspace, running.tokens[: running.num_computed], seq)
        self._waiting.add(running)
        self._is_stuck = False
        self._totals.preemptions += 1
