"""What a reply must keep to: what a request demands, and how an engine enforces it."""

from dataclasses import dataclass
from typing import Literal

from senryu.core.prompt import Segment

__all__ = [
    "Constraint",
    "Demands",
    "Guide",
    "Reasoning",
    "ToolUse",
]

ToolUse = Literal["auto", "any", "none"]


@dataclass(frozen=True, slots=True)
class Demands:
    """What a reply must keep to, whatever the model would like.

    Arguments:
        tool_use: whether the model may call tools, must, or must not.
        callable_tools: names of those that it may call; of the conversation's if None.
        parallel: whether it may call more than one.
        max_thinking: tokens of reasoning at most; 0 allows none.
        schema: the JSON schema, as text, that the whole answer must satisfy, keys in its order.
    """

    tool_use: ToolUse = "none"
    callable_tools: tuple[str, ...] | None = None
    parallel: bool = True
    max_thinking: int = 0
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A model's reasoning sections in one reply, and how long they may be.

    Where the tokens are spent, or the model ends its turn inside a section, ``closing`` is put
    there in its place, and the reply goes on behind it without another section. It counts as
    reasoning, and comes on top.

    Arguments:
        begin: text that opens a section.
        end: text that closes it.
        is_open: whether the prompt ends inside a section.
        max_tokens: of all sections together; with 0 a section is closed as soon as it is opened.
        closing: a few words of the model's to itself, and the end marker.
    """

    begin: str
    end: str
    is_open: bool
    max_tokens: int
    closing: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the tokens of an answer must spell. Reasoning sections are no part of an answer.

    Text is free up to a trigger; what follows the trigger must match the grammar; what follows that
    is free again, up to the next trigger.

    Arguments:
        grammar: a grammar in the Lark dialect of llguidance, its start rule ``start``. Empty: no
            trigger may be completed at all.
        markers: what the grammar's rules ``marker_0``, ``marker_1``, ... stand for, which the
            engine adds to it: the token of that name, or the plain text where there is none.
        triggers: texts, anywhere in the answer.
        first_triggers: texts that are triggers only where the answer begins, white space aside.
        opening: what the answer is made to begin with, and the grammar follows at once; empty
            where the grammar holds from the first token, None where the answer begins freely.
        once: whether the reply ends where the grammar is matched for the first time.
    """

    grammar: str
    markers: tuple[str, ...] = ()
    triggers: tuple[str, ...] = ()
    first_triggers: tuple[str, ...] = ()
    opening: tuple[Segment, ...] | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """Everything that an engine enforces in one reply.

    A job with ``max_tokens`` 0 has none.

    Arguments:
        reasoning: sections of reasoning, and their budget.
        constraint: what the answer and its calls must be.
        references: what must follow triggers in free text besides; it never begins a reply and
            never ends one.
    """

    reasoning: Reasoning | None = None
    constraint: Constraint | None = None
    references: Constraint | None = None
