"""What a trial may use up and what it did: thinking, steps, time and money.

A step is one request to the model. Thinking tokens are a part of the output tokens. Amounts of
money are exact decimals in the currency of the price table.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from enum import StrEnum

__all__ = ["Budget", "Ledger", "Limit", "Price", "Spent"]

_PER = 1_000_000  # prices are for so many tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used up; the token counts are those of the API's ``usage``.

    Raises:
        ValueError: an amount is below zero or no finite number, or more was thought than written.
    """

    input_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    steps: int = 0
    seconds: float = 0.0
    cost: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        for each in fields(self):
            amount: float | Decimal = getattr(self, each.name)
            if not (math.isfinite(amount) and amount >= 0):
                raise ValueError(f"{each.name} must be a finite number of at least 0")
        if self.thinking_tokens > self.output_tokens:
            raise ValueError("thinking_tokens are a part of output_tokens and cannot exceed them")

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            *(getattr(self, each.name) + getattr(other, each.name) for each in fields(self))
        )


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens of each kind cost."""

    input: Decimal
    output: Decimal
    cache_write_5m: Decimal
    cache_write_1h: Decimal
    cache_read: Decimal

    def of(self, spent: Spent) -> Decimal:
        """What the tokens cost; thinking is paid as output."""
        return (
            spent.input_tokens * self.input
            + spent.output_tokens * self.output
            + spent.cache_write_5m_tokens * self.cache_write_5m
            + spent.cache_write_1h_tokens * self.cache_write_1h
            + spent.cache_read_tokens * self.cache_read
        ) / _PER


class Limit(StrEnum):
    """What can be limited, as ``Budget`` calls it."""

    THINKING_TOKENS_PER_STEP = "thinking_tokens_per_step"
    THINKING_TOKENS = "thinking_tokens"
    STEPS = "steps"
    SECONDS = "seconds"
    COST = "cost"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one trial may use up; None is without limit."""

    thinking_tokens_per_step: int | None = None
    thinking_tokens: int | None = None
    steps: int | None = None
    seconds: float | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """A trial's account against its budget; each step makes a new one.

    Arguments:
        budget: what it may use up.
        spent: what it has used up.
        most_thinking: the thinking tokens of the step that had most.
    """

    budget: Budget
    spent: Spent = field(default_factory=Spent)
    most_thinking: int = 0

    def after(self, step: Spent) -> "Ledger":
        """The account after one more step, counted as one whatever ``step.steps`` says."""
        most = max(self.most_thinking, step.thinking_tokens)
        return Ledger(self.budget, self.spent + replace(step, steps=1), most)

    @property
    def thinking_allowance(self) -> int | None:
        """How many tokens the next step may think: the lesser of its own limit and what is left.

        None is without limit. The API takes budgets from 1,024: below that a step goes without.
        """
        per_step, total = self.budget.thinking_tokens_per_step, self.budget.thinking_tokens
        left = None if total is None else max(0, total - self.spent.thinking_tokens)
        return min((each for each in (per_step, left) if each is not None), default=None)

    @property
    def exhausted(self) -> frozenset[Limit]:
        """The limits of which nothing is left.

        A trial without steps, time or money ends; one without thinking goes on and thinks no more.
        """
        return frozenset(limit for limit, used, allowed in self._limits() if used >= allowed) - {
            Limit.THINKING_TOKENS_PER_STEP
        }

    @property
    def exceeded(self) -> frozenset[Limit]:
        """The limits that were not kept to: deviations from the protocol, to be reported."""
        return frozenset(limit for limit, used, allowed in self._limits() if used > allowed)

    def _limits(self) -> Iterator[tuple[Limit, float | Decimal, float | Decimal]]:
        """The limits that there are, with what is used of each and what may be."""
        for limit in Limit:
            allowed = getattr(self.budget, limit)
            if allowed is not None:
                per_step = limit is Limit.THINKING_TOKENS_PER_STEP
                yield limit, self.most_thinking if per_step else getattr(self.spent, limit), allowed
