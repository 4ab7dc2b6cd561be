"""Speculation by prompt lookup: what a reply repeats of its own context is computed many at a time.

Edits, quotations and tool results repeat the prompt. When a reply's last tokens stood in the
context before, what followed them there is a draft of what follows now; one step computes the whole
draft, and the tokens that the job would have got anyway are kept. All of it is pure: it knows
tokens and counts, no memory, no native code and no other job.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field

__all__ = [
    "MAX_DRAFT",
    "TYPICAL_COSTS",
    "Drafter",
    "Pace",
    "Speculation",
    "StepCosts",
    "verify",
]

MAX_DRAFT = 32
"""Tokens of a draft at most."""

# Two tokens repeat by chance: in a novel they gave three times the drafts that three tokens do, and
# hardly any of them was right.
_MIN_MATCH = 3
_MAX_MATCH = 32  # tokens compared; a longer match says nothing more
_MAX_CANDIDATES = 8  # places compared for one draft
_TOKEN_BITS = 21  # of a token in an index key; larger ids may collide, which comparing finds out
_KEY_MASK = (1 << (_TOKEN_BITS * _MIN_MATCH)) - 1

_FIRST_ACCEPTANCE = 0.8  # high, because a few wrong drafts are cheaper than a late start
_ACCEPTANCE_RATE = 1 / 16  # share of the newest outcome in the estimate
# What a draft must promise: costs between measured points are stairs, not lines, so a gain of a few
# percent was a loss of as many at 4 and 8 streams.
_LEAST_GAIN = 1.1
_TABLE_ROWS = 256


class Drafter:
    """A job's tokens, searchable for an earlier occurrence of their end.

    A table leads from the last ``_MIN_MATCH`` tokens to the place where they last ended, and from
    each such place to the one before it, as in LZ77. That is about 100 bytes a token, little beside
    the token's KV memory. Tokens are indexed when the next draft is asked for, each once.

    Arguments:
        tokens: what is known so far, the prompt.
        end_tokens: tokens that end a reply; none is ever proposed, for nothing can follow it, nor
            is a picture's.
    """

    def __init__(self, tokens: Sequence[int], end_tokens: Set[int] = frozenset()) -> None:
        self._tokens = list(tokens)
        self._end_tokens = end_tokens
        self._key = 0
        self._latest: dict[int, int] = {}  # key of some last tokens -> where they last ended
        self._earlier: list[int] = []  # [end - 1] -> where the same tokens ended before, or 0

    def extend(self, tokens: Sequence[int]) -> None:
        """Add the tokens that come next."""
        self._tokens += tokens

    def propose(self, limit: int) -> list[int]:
        """What followed the longest earlier occurrence of the last tokens, the latest of equals.

        An occurrence that reaches into the end is read on into the draft itself, so that a
        repeated pattern goes on for as long as wanted.

        Arguments:
            limit: how many tokens at most.

        Returns:
            The draft; empty where the last ``_MIN_MATCH`` tokens are new.
        """
        self._index()
        source = self._best_match()
        if source == 0:
            return []
        tokens, end = self._tokens, len(self._tokens)
        draft: list[int] = []
        for place in range(source, source + limit):
            token = tokens[place] if place < end else draft[place - end]
            if token < 0 or token in self._end_tokens:
                break
            draft.append(token)
        return draft

    def _index(self) -> None:
        tokens, latest, earlier, key = self._tokens, self._latest, self._earlier, self._key
        for end in range(len(earlier) + 1, len(tokens) + 1):
            key = ((key << _TOKEN_BITS) | tokens[end - 1]) & _KEY_MASK
            earlier.append(latest.get(key, 0))
            latest[key] = end
        self._key = key

    def _best_match(self) -> int:
        """Where the best earlier occurrence ends; 0 for none."""
        tokens, end = self._tokens, len(self._tokens)
        best, best_length = 0, _MIN_MATCH - 1
        place = self._earlier[-1] if self._earlier else 0
        for _ in range(_MAX_CANDIDATES):
            if place <= best_length or best_length == _MAX_MATCH:
                break
            if tokens[place - 1 - best_length] == tokens[end - 1 - best_length]:
                length = _common(tokens, place, end)
                if length > best_length:
                    best, best_length = place, length
            place = self._earlier[place - 1]
        return best


def _common(tokens: Sequence[int], first: int, second: int) -> int:
    """How many tokens before two places are the same, the first place being the earlier one."""
    length, most = 0, min(first, _MAX_MATCH)
    while length < most and tokens[first - 1 - length] == tokens[second - 1 - length]:
        length += 1
    return length


@dataclass(frozen=True, slots=True)
class StepCosts:
    """What a step costs by its number of rows, which are tokens computed.

    Between the measured points it is a straight line, and so on beyond the last one.

    Arguments:
        points: rows and cost, at least two, rows ascending from 1, costs positive and never
            falling. Only ratios matter.
    """

    points: tuple[tuple[int, float], ...]
    _table: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = tuple(self._between(rows) for rows in range(_TABLE_ROWS + 1))
        object.__setattr__(self, "_table", table)  # frozen, and asked for many times a step

    def at(self, rows: int) -> float:
        """The cost of a step of ``rows``, which are at least 1."""
        return self._table[rows] if rows <= _TABLE_ROWS else self._between(rows)

    def _between(self, rows: int) -> float:
        right = min(max(1, bisect_left(self.points, (rows,))), len(self.points) - 1)
        (rows_0, cost_0), (rows_1, cost_1) = self.points[right - 1], self.points[right]
        return cost_0 + (cost_1 - cost_0) * (rows - rows_0) / (rows_1 - rows_0)


TYPICAL_COSTS = StepCosts(((1, 1.0), (2, 1.8), (4, 2.3), (8, 3.7), (16, 6.3), (32, 11.5)))
"""A small model on a CPU, for where nothing was measured: the second row costs most, for only one
row alone is computed by the kernels for one."""


class Pace:
    """How long a job's drafts should be, from how its drafts fared so far.

    A draft's j-th token is kept with probability p^j, p being the decayed average of outcomes given
    that all before it were kept. The best length is the one with the most tokens per cost:
    (rows + p + ... + p^length) / cost(rows + length). It is 0 where no draft clearly pays.

    Arguments:
        costs: of a step, measured or typical.
    """

    def __init__(self, costs: StepCosts) -> None:
        self._costs = costs
        self._acceptance = _FIRST_ACCEPTANCE

    @property
    def acceptance(self) -> float:
        """The estimated probability that a draft's next token is kept."""
        return self._acceptance

    def limit(self, num_rows: int, most: int = MAX_DRAFT) -> int:
        """The best length of a draft.

        Arguments:
            num_rows: rows of the step without it, the job's own included; each is worth a token.
            most: the greatest length allowed.
        """
        at, acceptance = self._costs.at, self._acceptance
        best, best_worth = 0, _LEAST_GAIN * num_rows / at(num_rows)
        tokens, reached = float(num_rows), 1.0
        for length in range(1, most + 1):
            reached *= acceptance
            tokens += reached
            worth = tokens / at(num_rows + length)
            if worth > best_worth:
                best, best_worth = length, worth
        return best

    def observe(self, num_proposed: int, num_accepted: int) -> None:
        """Learn how a draft fared.

        Arguments:
            num_proposed: its tokens, those left out that were never compared with a sampled one.
            num_accepted: its first tokens that were the sampled ones.
        """
        kept = 1.0 - _ACCEPTANCE_RATE
        self._acceptance = 1.0 - (1.0 - self._acceptance) * kept**num_accepted
        if num_accepted < num_proposed:
            self._acceptance *= kept


class Speculation:
    """One job's drafts: what to compute beside its next token, and what came of it.

    At least one token is foreseen in each step, also where none is worth computing: whether it came
    true is known for nothing, and so a job whose drafts were bad comes back when it repeats itself.

    Arguments:
        tokens: the prompt.
        costs: of a step.
        end_tokens: tokens that end a reply.
    """

    def __init__(
        self, tokens: Sequence[int], *, costs: StepCosts, end_tokens: Set[int] = frozenset()
    ) -> None:
        self._drafter = Drafter(tokens, end_tokens)
        self._pace = Pace(costs)
        self._foreseen: list[int] = []

    def draft(self, num_rows: int, most: int = MAX_DRAFT) -> list[int]:
        """The tokens to compute after the job's last one in the step being planned.

        Arguments:
            num_rows: rows of the step so far, the job's own included.
            most: how many tokens at most beside ``MAX_DRAFT``, 0 or more.
        """
        most = min(most, MAX_DRAFT)
        self._foreseen = self._drafter.propose(most + 1)
        length = self._pace.limit(num_rows, min(most, len(self._foreseen)))
        return self._foreseen[:length]

    def extend(self, tokens: Sequence[int]) -> None:
        """Learn which tokens the step gave the job, those of the draft included."""
        accepted = 0
        judged = min(len(self._foreseen), len(tokens))
        while accepted < judged and self._foreseen[accepted] == tokens[accepted]:
            accepted += 1
        self._pace.observe(judged, accepted)
        self._foreseen = []
        self._drafter.extend(tokens)


def verify(draft: Sequence[int], sample: Callable[[int], int]) -> list[int]:
    """The tokens that a step with a draft gives its job: at least one, the last one never drafted.

    They are the ones that sampling one at a time would have given, random draws included: as long
    as every sampled token was the drafted one, the next logits were computed after exactly the
    tokens that the job really has and its sampler has drawn exactly once for each of them; at the
    first difference the sampled token is kept and nothing is drawn any more.

    Arguments:
        draft: what was computed after the job's last token; no token that ends a reply.
        sample: the job's sampler on the logits after its last token and the first n of the draft,
            called with n = 0, 1, ... as far as needed, each once.
    """
    kept: list[int] = []
    for drafted in draft:
        kept.append(sample(len(kept)))
        if kept[-1] != drafted:
            return kept
    kept.append(sample(len(kept)))
    return kept
