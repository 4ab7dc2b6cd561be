"""Ledgers: what is left, what is spent, what it costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.protocol import Budget, Ledger, Limit, Price, Spent
from tests.contract.manifest import requirement

OSWORLD = Budget(thinking_tokens_per_step=2_000, thinking_tokens=128_000, steps=100)


def step(thinking: int) -> Spent:
    return Spent(output_tokens=thinking + 10, thinking_tokens=thinking)


@requirement("evals.budgets")
def test_thinking_is_limited_in_each_step_and_in_total() -> None:
    ledger = Ledger(OSWORLD)
    assert ledger.thinking_allowance == 2_000
    for _ in range(63):
        ledger = ledger.after(step(2_000))
    assert ledger.thinking_allowance == 2_000
    ledger = ledger.after(step(500))
    assert ledger.thinking_allowance == 1_500
    assert not ledger.exhausted
    ledger = ledger.after(step(1_500))
    assert ledger.thinking_allowance == 0
    assert ledger.exhausted == {Limit.THINKING_TOKENS}
    assert not ledger.exceeded


@requirement("evals.budgets")
def test_the_hundredth_step_is_the_last() -> None:
    ledger = Ledger(OSWORLD)
    for _ in range(99):
        ledger = ledger.after(step(0))
    assert not ledger.exhausted
    assert ledger.after(step(0)).exhausted == {Limit.STEPS}


@requirement("evals.budgets")
def test_a_step_that_thought_too_much_stays_on_record() -> None:
    ledger = Ledger(OSWORLD).after(step(2_001)).after(step(0))
    assert ledger.exceeded == {Limit.THINKING_TOKENS_PER_STEP}
    assert not ledger.exhausted


@requirement("evals.budgets")
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=8),
    st.lists(st.none() | st.integers(0, 30), min_size=5, max_size=5),
)
def test_a_ledger_is_the_sum_of_its_steps_against_its_budget(
    steps: list[tuple[int, int, int]], limits: list[int | None]
) -> None:
    per_step, thinking, num_steps, seconds, cost = limits
    cents = None if cost is None else Decimal(cost) / 100
    ledger = Ledger(Budget(per_step, thinking, num_steps, seconds, cents))
    for thought, took, cost_cents in steps:
        ledger = ledger.after(
            Spent(
                output_tokens=thought,
                thinking_tokens=thought,
                seconds=took,
                cost=Decimal(cost_cents) / 100,
            )
        )
    used = {
        Limit.THINKING_TOKENS_PER_STEP: max((each[0] for each in steps), default=0),
        Limit.THINKING_TOKENS: sum(each[0] for each in steps),
        Limit.STEPS: len(steps),
        Limit.SECONDS: sum(each[1] for each in steps),
        Limit.COST: sum(each[2] for each in steps),
    }
    limited = [(limit, allowed) for limit, allowed in zip(Limit, limits, strict=True)]
    given_limits = {limit: allowed for limit, allowed in limited if allowed is not None}
    assert ledger.exceeded == {each for each, most in given_limits.items() if used[each] > most}
    assert ledger.exhausted == {
        each
        for each, most in given_limits.items()
        if used[each] >= most and each is not Limit.THINKING_TOKENS_PER_STEP
    }


@requirement("evals.costs")
def test_costs_are_exact() -> None:
    price = Price(Decimal("1"), Decimal("5"), Decimal("1.25"), Decimal("2"), Decimal("0.10"))
    spent = Spent(
        input_tokens=1_000,
        cache_write_5m_tokens=2_000,
        cache_write_1h_tokens=3_000,
        cache_read_tokens=4_001,
        output_tokens=500,
        thinking_tokens=400,
    )
    # 0.001 + 0.0025 + 0.006 + 0.0004001 + 0.0025
    assert price.of(spent) == Decimal("0.0124001")
    total = sum((Spent(cost=Decimal("0.1")) for _ in range(10)), Spent())
    assert total.cost == 1


@pytest.mark.parametrize(
    ("amounts", "name"),
    [
        ({"steps": -1}, "steps"),
        ({"seconds": float("nan")}, "seconds"),
        ({"cost": Decimal("Infinity")}, "cost"),
        ({"output_tokens": 5, "thinking_tokens": 6}, "thinking_tokens"),
    ],
)
def test_impossible_amounts_are_refused(amounts: dict[str, object], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Spent(**amounts)  # pyright: ignore[reportArgumentType]
