"""LFM2's own calls: a list of Python calls, ``[get_weather(city="Paris", days=2), now()]``.

Arguments are Python literals. Names must be identifiers: tools are shown to the model under names
that are, and mapped back. Where a schema cannot be written so (``is_expressible``), all calls are
JSON instead, for which the models can be asked too.
"""

import json
import keyword
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from senryu.core import Call, Conversation, Segment, Tool
from senryu.families.grammar import json_rule, literal
from senryu.families.literal_grammar import (
    InexpressibleError,
    LiteralRules,
    forms,
    write_literal,
)

__all__ = ["call_rule", "is_expressible", "python_call", "python_names"]

_KEYWORDS = {
    *("type", "properties", "required", "additionalProperties"),
    *("title", "description", "$schema"),
}


class _Python:
    """Python's literals, strings with the escapes that JSON has too."""

    comma = ", "
    colon = ": "
    constants = ("True", "False", "None")

    def key(self, name: str) -> str:
        """A key of a dictionary."""
        return json.dumps(name, ensure_ascii=False)

    def string(self, text: str) -> list[Segment]:
        """A string."""
        return [Segment(json.dumps(text, ensure_ascii=False))]

    def terms(self, segments: Iterable[Segment]) -> str:
        """What matches a written value."""
        return literal("".join(segment.text for segment in segments))

    def strings(self, schema: Mapping[str, Any], rules: LiteralRules) -> str:
        """What matches the strings of a schema: a JSON string is one of Python's."""
        return json_rule(schema)

    def keys(self) -> str:
        """What matches any key."""
        return json_rule({"type": "string"})


_PYTHON = _Python()


def python_names(conversation: Conversation) -> dict[str, str]:
    """For each tool, also of old calls, the name that the model sees: an identifier of its own."""
    known = [b.name for b in conversation.blocks if isinstance(b, Tool | Call)]
    names = {name: name for name in known if _is_identifier(name)}
    for name in known:
        if name not in names:
            plain = re.sub(r"\W", "_", name)
            plain = plain if _is_identifier(plain) else f"tool_{plain}"
            number = 2
            unique = plain
            while unique in names.values():
                unique, number = f"{plain}_{number}", number + 1
            names[name] = unique
    return names


def _is_identifier(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


@lru_cache(maxsize=256)
def is_expressible(schema: str) -> bool:
    """Whether calls with these arguments can be written in Python, whatever they say."""
    try:
        _arguments(schema, "args")
    except InexpressibleError:
        return False
    return True


def call_rule(tool: Tool, name: str, index: int) -> tuple[str, list[str]]:
    """What matches a call of a tool, and the rules that this needs.

    Arguments:
        tool: the tool; its arguments are expressible.
        name: what the model calls it.
        index: its number, for the names of rules.
    """
    arguments, rules = _arguments(tool.enforced or tool.schema, f"args_{index}")
    return f'{literal(f"{name}(")} {arguments} ")"', rules


def _arguments(text: str, prefix: str) -> tuple[str, list[str]]:
    rules = LiteralRules(_PYTHON, prefix)
    members = [_members(form, rules) for form in forms(json.loads(text))]
    if len(members) > 1 and not all(members):
        raise InexpressibleError
    return members[0] if len(members) == 1 else f"({' | '.join(members)})", rules.lines


def _members(form: Any, rules: LiteralRules) -> str:
    """What matches the arguments of one form."""
    if not isinstance(form, dict):
        raise InexpressibleError
    schema = cast("dict[str, Any]", form)
    properties: dict[str, Any] = schema.get("properties", {})
    others: Any = schema.get("additionalProperties", True)
    is_plain = schema.get("type", "object") == "object" and not set(schema) - _KEYWORDS
    names_all = others is False or (others is True and "properties" in schema)
    if not (is_plain and names_all and all(map(_is_identifier, properties))):
        raise InexpressibleError
    return rules.members(schema, {name: f"{name}=" for name in properties})


def python_call(call: Call, name: str) -> str:
    """A call in Python.

    Raises:
        InexpressibleError: a key of its arguments is no identifier.
    """
    arguments: dict[str, Any] = json.loads(call.arguments)
    if not all(map(_is_identifier, arguments)):
        raise InexpressibleError
    spelled = (f"{key}={_spelled(value)}" for key, value in arguments.items())
    return f"{name}({', '.join(spelled)})"


def _spelled(value: Any) -> str:
    return "".join(segment.text for segment in write_literal(value, _PYTHON))
