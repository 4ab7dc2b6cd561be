"""Drafts, how long they are, and that they never change a reply."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.speculate import (
    MAX_DRAFT,
    TYPICAL_COSTS,
    Drafter,
    Pace,
    Speculation,
    StepCosts,
    verify,
)

END = 9
LEAST = 3  # tokens that must repeat

few_tokens = st.lists(st.integers(0, 3), max_size=60)
ids = st.integers(0, 2**31 - 1)

FLAT = StepCosts(((1, 1.0), (2, 1.0)))  # a row costs nothing
STEEP = StepCosts(((1, 1.0), (2, 2.0)))  # a row costs as much as a step


def occurrences(tokens: Sequence[int], length: int) -> list[int]:
    """Where the last ``length`` tokens ended before."""
    end = len(tokens)
    wanted = tokens[end - length :]
    return [place for place in range(length, end) if tokens[place - length : place] == wanted]


@given(few_tokens, st.integers(0, 20))
def test_a_draft_is_what_followed_an_earlier_occurrence_of_the_end(
    tokens: list[int], limit: int
) -> None:
    draft = Drafter(tokens).propose(limit)
    places = occurrences(tokens, LEAST) if len(tokens) >= LEAST else []
    assert len(draft) == (limit if places else 0)
    continued = tokens + draft
    follows = [continued[place : place + len(draft)] == draft for place in places]
    assert any(follows) or not draft


@given(few_tokens)
def test_the_longest_occurrence_is_preferred_and_of_those_the_latest(tokens: list[int]) -> None:
    repeated = [*tokens, 7, 1, 2, 3, 4, 5, 8, 2, 3, 4, 6, 1, 2, 3, 4]
    assert Drafter(repeated).propose(1) == [5]
    again = [*tokens, 7, 2, 3, 4, 5, 8, 2, 3, 4, 6, 7, 7, 7, 2, 3, 4]
    assert Drafter(again).propose(1) == [5]  # with the 7 before it
    latest = [*tokens, 8, 2, 3, 4, 5, 8, 2, 3, 4, 6, 7, 2, 3, 4]
    assert Drafter(latest).propose(1) == [6]


@given(st.lists(few_tokens, max_size=8), st.integers(1, 8))
def test_tokens_added_piece_by_piece_give_the_drafts_of_all_at_once(
    pieces: list[list[int]], limit: int
) -> None:
    known: list[int] = []
    drafter = Drafter(known)
    for piece in pieces:
        drafter.extend(piece)
        known += piece
        assert drafter.propose(limit) == Drafter(known).propose(limit)


@given(st.lists(ids, min_size=3, max_size=6, unique=True), ids, st.integers(21, 31))
def test_ids_of_any_size_are_told_apart(pattern: list[int], follower: int, bit: int) -> None:
    assert Drafter([*pattern, follower, *pattern]).propose(1) == [follower]
    other = [token ^ (1 << bit) for token in pattern]
    assert Drafter([*pattern, follower, *other]).propose(1) in ([], [follower])
    alike = [pattern[-3] ^ (1 << bit), *pattern[-2:]]
    assert Drafter([*pattern[-3:], follower, -1, *alike]).propose(1) == []


def test_a_repeated_pattern_goes_on_beyond_the_known_end() -> None:
    assert Drafter([1, 2, 3, 4, 1, 2, 3, 4]).propose(10) == [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]


def test_a_token_that_ends_a_reply_is_never_drafted() -> None:
    tokens = [1, 2, 3, 4, END, 5, 1, 2, 3]
    assert Drafter(tokens, {END}).propose(4) == [4]
    assert Drafter([1, 2, 3, END, 5, 1, 2, 3], {END}).propose(4) == []


def test_new_tokens_have_no_draft() -> None:
    for tokens in ([], [1], [1, 1], [1, 2, 3, 4, 5], [1, 2, 9, 1, 2]):
        assert Drafter(tokens).propose(8) == []


@given(few_tokens, few_tokens)
def test_verification_keeps_the_common_beginning_and_one_token_more(
    draft: list[int], reply: list[int]
) -> None:
    asked: list[int] = []

    def sample(position: int) -> int:
        asked.append(position)
        return (reply + [4] * (len(draft) + 1))[position]

    kept = verify(draft, sample)
    assert kept == (reply + [4] * (len(draft) + 1))[: len(kept)]
    assert asked == list(range(len(kept)))
    assert kept[:-1] == draft[: len(kept) - 1]
    assert len(kept) == len(draft) + 1 or kept[-1] != draft[len(kept) - 1]


Choose = Callable[[Sequence[int]], int]


def generate(prompt: list[int], choose: Choose, length: int, *, speculate: bool) -> list[int]:
    """A reply, each token chosen by the job's own sampler after the last few tokens before it."""
    tokens = list(prompt)
    speculation = Speculation(prompt, costs=FLAT)
    num_drafted = 0
    while (missing := len(prompt) + length - len(tokens)) > 0:
        draft = speculation.draft(1, missing - 1) if speculate else []
        assert len(draft) < missing
        num_drafted += len(draft)

        last = tokens[-4:]
        kept = verify(draft, lambda n, last=last, draft=draft: choose([*last, *draft[:n]]))
        speculation.extend(kept)
        tokens += kept
    assert num_drafted > length or not speculate or length < 100
    return tokens[len(prompt) :]


def greedy_of(table: int) -> Choose:
    """A model whose next token depends on the last two, so that it falls into loops."""
    return lambda tokens: (table >> (2 * (tokens[-1] * 4 + tokens[-2] % 4))) % 4


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(0, 2**32 - 1))
def test_a_greedy_reply_is_the_same_with_and_without_drafts(prompt: list[int], table: int) -> None:
    choose = greedy_of(table)
    plain = generate(prompt, choose, 60, speculate=False)
    assert generate(prompt, choose, 60, speculate=True) == plain


def sampler_of(seed: int) -> Choose:
    """A model that mostly repeats what its context said after the last token, and one draw each."""
    draws = random.Random(seed)

    def choose(tokens: Sequence[int]) -> int:
        drawn = draws.random()
        if drawn < 0.8:
            return (tokens[-1] + 1) % 4
        return int(drawn * 1000) % 4

    return choose


@given(st.lists(st.integers(0, 3), min_size=2, max_size=40), st.integers(0, 2**32 - 1))
def test_a_sampled_reply_with_a_seed_is_the_same_with_and_without_drafts(
    prompt: list[int], seed: int
) -> None:
    plain = generate(prompt, sampler_of(seed), 60, speculate=False)
    assert generate(prompt, sampler_of(seed), 60, speculate=True) == plain


def test_the_distribution_of_sampled_tokens_is_unchanged() -> None:
    prompt = [0, 1, 2, 3] * 4
    draws = random.Random(20)
    weights = [[0.05, 0.7, 0.15, 0.1], [0.1, 0.1, 0.7, 0.1], [0.2, 0.1, 0.1, 0.6], [0.9, 0, 0, 0.1]]

    def choose(tokens: Sequence[int]) -> int:
        return draws.choices(range(4), weights[tokens[-1]])[0]

    tokens = [*prompt, *generate(prompt, choose, 20_000, speculate=True)]
    counts = [[0] * 4 for _ in range(4)]
    for before, token in zip(tokens[len(prompt) - 1 :], tokens[len(prompt) :], strict=False):
        counts[before][token] += 1
    squares = 0.0
    for row, expected in zip(counts, weights, strict=True):
        total = sum(row)
        assert total > 1000
        for count, weight in zip(row, expected, strict=True):
            if weight:
                squares += (count - total * weight) ** 2 / (total * weight)
            else:
                assert count == 0
    # 14 cells less 4 sums are 10 degrees of freedom; chi-square exceeds 29.6 in one of 1,000 cases.
    assert squares < 29.6


def test_drafts_save_steps_where_a_reply_repeats_its_prompt() -> None:
    prompt = random.Random(1).choices(range(1000), k=300)
    speculation = Speculation([*prompt, *prompt[:10]], costs=TYPICAL_COSTS)
    reply = prompt[10:]
    steps = done = 0
    while done < len(reply):
        draft = speculation.draft(1, len(reply) - done - 1)
        kept = verify(draft, lambda n, done=done: reply[done + n])
        speculation.extend(kept)
        done += len(kept)
        steps += 1
    assert steps < len(reply) / 8


def paced(costs: StepCosts, outcomes: Sequence[tuple[int, int]]) -> Pace:
    pace = Pace(costs)
    for proposed, accepted in outcomes:
        pace.observe(proposed, accepted)
    return pace


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=50))
def test_the_estimate_stays_a_probability_and_the_length_within_its_limit(
    outcomes: list[tuple[int, int]],
) -> None:
    pace = paced(TYPICAL_COSTS, [(max(pair), min(pair)) for pair in outcomes])
    assert 0.0 <= pace.acceptance <= 1.0
    for num_rows in (1, 7, 64, 400):
        for most in (0, 1, 5, MAX_DRAFT):
            assert 0 <= pace.limit(num_rows, most) <= most


def test_drafts_that_are_always_right_are_as_long_as_allowed() -> None:
    pace = paced(TYPICAL_COSTS, [(8, 8)] * 40)
    assert pace.limit(1) == MAX_DRAFT


def test_drafts_that_are_always_wrong_end() -> None:
    pace = paced(TYPICAL_COSTS, [(4, 0)] * 40)
    assert pace.limit(1) == 0


def test_company_makes_drafts_shorter() -> None:
    pace = paced(TYPICAL_COSTS, [(4, 4), (4, 2)] * 20)
    lengths = [pace.limit(num_rows) for num_rows in (1, 4, 16, 64)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 0
    assert lengths[-1] == 0


def test_rows_that_cost_nothing_are_always_used_and_dear_ones_never() -> None:
    mixed = [(4, 3)] * 10
    assert paced(FLAT, mixed).limit(1) == MAX_DRAFT
    assert paced(STEEP, mixed).limit(1) == 0


@given(st.integers(1, 40), st.floats(0.02, 0.6))
def test_the_length_chosen_has_the_most_tokens_per_cost_or_none_gains_a_tenth(
    num_rows: int, row_cost: float
) -> None:
    pace = paced(StepCosts(((1, 1.0), (2, 1.0 + row_cost))), [(6, 5)] * 8)

    def worth(length: int) -> float:
        tokens = num_rows + sum(pace.acceptance**depth for depth in range(1, length + 1))
        return tokens / (1.0 + row_cost * (num_rows + length - 1))

    best = max(worth(length) for length in range(MAX_DRAFT + 1))
    length = pace.limit(num_rows)
    if length:
        assert worth(length) == pytest.approx(best)
        assert best > 1.099 * worth(0)
    else:
        assert best < 1.101 * worth(0)


def test_outcomes_never_seen_teach_nothing() -> None:
    assert paced(TYPICAL_COSTS, [(0, 0)] * 5).acceptance == Pace(TYPICAL_COSTS).acceptance


def test_a_job_that_begins_to_repeat_itself_gets_drafts_again() -> None:
    draws = random.Random(3)
    speculation = Speculation(draws.choices(range(3), k=200), costs=TYPICAL_COSTS)
    computed: list[int] = []
    for _ in range(200):  # every triple has been seen, and says nothing of what follows
        computed.append(len(speculation.draft(1, 8)))
        speculation.extend([draws.randrange(3)])
    assert sum(computed[:20]) > 0
    assert sum(computed[20:]) == 0
    for token in [5, 6, 7, 8] * 20:
        if speculation.draft(1, 8):
            break
        speculation.extend([token])
    assert speculation.draft(1, 8)


def test_a_job_without_room_for_drafts_learns_whether_they_would_have_been_right() -> None:
    noise = random.Random(3).choices(range(3), k=300)
    for tokens, wanted in (([5, 6, 7, 8] * 75, 8), (noise, 0)):
        speculation = Speculation(tokens[:200], costs=TYPICAL_COSTS)
        for token in tokens[200:]:
            assert speculation.draft(1, 0) == []
            speculation.extend([token])
        assert len(speculation.draft(1, 8)) == wanted
