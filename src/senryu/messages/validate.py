"""The meaning of a request: one table of small named rules, each with its source.

A rule returns what is wrong, as the client will read it, or None. Shape is already right here
(``wire/requests.py``); lengths in tokens are checked later, by ``turn.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from senryu.errors import InvalidRequestError, ThreadsUnsupportedError
from senryu.messages import (
    rules_cache,
    rules_context,
    rules_messages,
    rules_output,
    rules_schemas,
    rules_sources,
    rules_thinking,
    rules_tools,
)
from senryu.messages.caller import Caller
from senryu.wire.requests import CountTokensRequest, MessagesRequest

__all__ = ["GENERATION_RULES", "PROMPT_RULES", "Rule", "check_generation", "check_prompt"]

_R = TypeVar("_R", contravariant=True)


@dataclass(frozen=True, slots=True)
class Rule(Generic[_R]):
    """One thing that must hold.

    Arguments:
        check: what is wrong with a request of this caller, or None.
        source: where the rule comes from.
        error: what a request is refused with.
    """

    check: Callable[[_R, Caller], str | None]
    source: str
    error: type[InvalidRequestError] = InvalidRequestError


def check_prompt(request: CountTokensRequest, caller: Caller) -> None:
    """Apply the rules for what shapes a prompt.

    Raises:
        InvalidRequestError: the first rule that does not hold.
    """
    _apply(PROMPT_RULES, request, caller)


def check_generation(request: MessagesRequest, caller: Caller) -> None:
    """Apply all rules.

    Raises:
        InvalidRequestError: the first rule that does not hold.
    """
    _apply(PROMPT_RULES, request, caller)
    _apply(GENERATION_RULES, request, caller)


def _apply(rules: "tuple[Rule[_R], ...]", request: _R, caller: Caller) -> None:
    for rule in rules:
        problem = rule.check(request, caller)
        if problem:
            raise rule.error(problem)


_BUILT = "ours: nothing known is dropped in silence"
_ERROR_TEXT = "API: error text"
_MIGRATION = "API version 2026-10-21, migration guide"
_EXTENDED = "API: extended thinking"
_EDITING = "API: context editing"
_FORMAT = "API: structured outputs"

PROMPT_RULES: tuple[Rule[CountTokensRequest], ...] = (
    Rule(
        rules_output.no_thread,
        "SDK: the error that its tool runner takes as a no",
        ThreadsUnsupportedError,
    ),
    Rule(rules_messages.some_message, "API: at least one message"),
    Rule(
        rules_messages.system_in_place, "agents send system messages; the hosted model refuses them"
    ),
    Rule(rules_messages.user_first, "API: first turn is the user's"),
    Rule(rules_messages.content_not_empty, _ERROR_TEXT),
    Rule(rules_messages.text_not_empty, _ERROR_TEXT),
    Rule(rules_messages.results_not_empty, _ERROR_TEXT),
    Rule(rules_messages.prefill_ends_in_text, _ERROR_TEXT),
    Rule(rules_messages.thinking_is_assistants, "SDK: ThinkingBlockParam; compat takes unsigned"),
    Rule(rules_messages.no_document_from_assistant, _MIGRATION),
    Rule(rules_messages.no_citations_from_user, _MIGRATION),
    Rule(rules_messages.blocks_are_built, _BUILT),
    Rule(rules_sources.sources_are_users, "API: roles of content blocks"),
    Rule(rules_sources.citations_are_for_all, "API: citations, enabled on all or none"),
    Rule(rules_sources.no_citations_in_a_format, "API: citations, not with structured outputs"),
    Rule(rules_tools.tools_are_built, _BUILT),
    Rule(rules_tools.betas_of_tools, "SDK: BetaToolComputerUse20250124Param"),
    Rule(rules_tools.names_are_unique, _ERROR_TEXT),
    Rule(rules_schemas.tool_schemas_are_usable, "API: error texts; ours: what can be enforced"),
    Rule(rules_schemas.examples_are_valid, "API: tool use, examples"),
    Rule(rules_tools.calls_are_answered, _ERROR_TEXT),
    Rule(rules_tools.changes_are_built, "SDK: BetaRequestToolAdditionBlockParam"),
    Rule(rules_tools.references_are_defined, "API: tool search, errors"),
    Rule(rules_tools.some_tool_not_deferred, "API: tool search, errors"),
    Rule(rules_tools.choice_is_offered, _ERROR_TEXT),
    Rule(rules_thinking.no_forced_tool, _ERROR_TEXT),
    Rule(rules_thinking.no_prefill, _EXTENDED),
    Rule(rules_thinking.loop_begins_with_thinking, _ERROR_TEXT),
    Rule(rules_thinking.thinking_comes_first, _ERROR_TEXT),
    Rule(rules_cache.few_breakpoints, _ERROR_TEXT),
    Rule(rules_cache.one_lifetime_a_block, "API: prompt caching, automatic caching's edge cases"),
    Rule(rules_cache.longer_lifetimes_first, _ERROR_TEXT),
    Rule(rules_context.edits_are_allowed, _EDITING),
    Rule(rules_context.edits_are_built, _BUILT),
    Rule(rules_context.edits_go_together, _EDITING),
    Rule(rules_output.one_format, _FORMAT),
    Rule(rules_schemas.answer_schema_is_enforceable, "API: structured outputs; ours: the limits"),
    Rule(rules_output.format_is_whole, _FORMAT),
    Rule(rules_output.features_are_built, _BUILT),
)
GENERATION_RULES: tuple[Rule[MessagesRequest], ...] = (
    Rule(rules_output.nothing_to_generate, "API: prompt caching, limits of pre-warming"),
    Rule(rules_thinking.budget_below_max_tokens, _ERROR_TEXT),
    Rule(rules_output.no_container, _BUILT),
    Rule(rules_output.visible_stop_sequences, _ERROR_TEXT),
    Rule(rules_output.no_sampling, _MIGRATION),
    Rule(rules_thinking.no_sampling_beside_thinking, _ERROR_TEXT),
    Rule(rules_output.temperature_or_top_p, "API: Haiku 4.5 takes one of them; compat both"),
)
