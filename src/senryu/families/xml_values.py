"""Arguments in tags of their own: which are plain text, which are JSON, and how both are enforced.

Models that spell calls so write strings as they are and everything else as JSON. A string whose
schema says more than its choices or its length is JSON too, in quotes: there the whole of the
schema can be enforced. Knows no model and no tags.
"""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from senryu.core import Tool
from senryu.families.grammar import ANY_TEXT, json_rule, literal

__all__ = ["Close", "Parameter", "Parameters", "Schema", "Text", "value_rules"]

Schema = Mapping[str, Any]

# Keywords that plain text cannot be held to, or that may mean another type.
_NEEDS_JSON = frozenset(
    {"$ref", "allOf", "anyOf", "contentEncoding", "format", "if", "not", "oneOf", "pattern"}
)
_MAX_REFERENCES = 32  # one that leads to itself leads nowhere


@dataclass(frozen=True, slots=True)
class Text:
    """A value that is written as it is.

    Arguments:
        choices: all that it may be; empty for anything.
        min_length: characters at least.
        max_length: characters at most, None for any number.
        or_null: whether it may also be ``null``, so that it can never be the text ``null``.
    """

    choices: tuple[str, ...] = ()
    min_length: int = 0
    max_length: int | None = None
    or_null: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a tool.

    Arguments:
        schema: what it must satisfy, understandable by itself.
        text: how it is written as text; None where it is JSON.
        is_required: whether every call has it.
    """

    schema: Schema
    text: Text | None
    is_required: bool = False

    @property
    def is_free(self) -> bool:
        """Whether any text is a value, so that it can be read as it comes."""
        return self.text is not None and not self.text.or_null

    def is_text(self, value: Any) -> bool:
        """Whether a value is written as it is."""
        return isinstance(value, str) and self.text is not None

    def written(self, value: Any) -> str:
        """A value as the model would write it."""
        return value if self.is_text(value) else json.dumps(value, ensure_ascii=False)

    def read(self, written: str) -> str:
        """What was written, as JSON; text where it is none."""
        if self.text is None or (self.text.or_null and written == "null"):
            try:
                json.loads(written, parse_constant=_refuse)
            except (ValueError, RecursionError):
                return json.dumps(written, ensure_ascii=False)
            return written.strip()
        return json.dumps(written, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Parameters:
    """A tool's arguments.

    Arguments:
        named: those that its schema names, in their order.
        others: what any other must be, None where there may be none.
    """

    named: Mapping[str, Parameter]
    others: Parameter | None = None

    @classmethod
    def of(cls, tool: Tool) -> "Parameters":
        """Those of a tool, as far as they can be enforced."""
        root = _object(json.loads(tool.enforced or tool.schema))
        top = _merged(root)
        required = [key for key in top.get("required", []) if isinstance(key, str)]
        schemas: dict[str, Any] = dict(_object(top.get("properties")))
        others = top.get("additionalProperties", not schemas)
        for key in required:
            schemas.setdefault(key, others or {})
        named = {
            key: _parameter(schema, root, is_required=key in required)
            for key, schema in schemas.items()
            if schema is not False
        }
        if others is False:
            return cls(named)
        return cls(named, _parameter(others, root))

    def get(self, name: str) -> Parameter:
        """The argument of a name; one that may be anything if the schema says nothing of it."""
        return self.named.get(name) or self.others or Parameter({}, None)


@dataclass(frozen=True, slots=True)
class Close:
    """What ends a value.

    Arguments:
        text: as the reader sees it.
        terms: as the grammar has it.
        is_token: whether there is a token of the model's in it, which no text can contain.
        lead: what of its text comes before that token.
        behind: the terms behind the lead.
    """

    text: str
    terms: str
    is_token: bool = False
    lead: str = ""
    behind: str = ""


def value_rules(rule: str, parameter: Parameter, close: Close) -> Iterator[str]:
    """Rules for a value and what ends it, the first of them called ``rule``."""
    text = parameter.text
    if text is None:
        yield f"{rule}: {rule}_json {close.terms}"
        yield f"{rule}_json: {json_rule(parameter.schema)}"
    elif text.choices:
        choices = [*map(literal, text.choices), *(['"null"'] if text.or_null else [])]
        yield f"{rule}: ({' | '.join(choices)}) {close.terms}"
    elif text.or_null:
        yield f'{rule}: "null" {close.terms} | {rule}_text'
        yield from _text_rules(f"{rule}_text", text, close)
    else:
        yield from _text_rules(rule, text, close)


def _text_rules(rule: str, text: Text, close: Close) -> Iterator[str]:
    terminal = rule.upper()
    body = ANY_TEXT
    if text.min_length or text.max_length is not None:
        most = "" if text.max_length is None else text.max_length
        body = f"/(.|\\n){{{text.min_length},{most}}}/"
        if not close.is_token:  # else it might go on behind its end, to become long enough
            body += f" & ~/(.|\\n)*{_pattern(close.text)}(.|\\n)*/"
    yield f"{terminal}: {body}{' ' + literal(close.lead) if close.lead else ''}"
    if close.is_token:
        yield f"{rule}: {terminal} {close.behind}"
    else:
        yield f"{rule}[suffix={literal(close.text)}]: {terminal}"


def _pattern(text: str) -> str:
    """A regular expression, between slashes, that matches a text."""
    return "".join(
        char if char.isalnum() or char in "<>_ " else f"\\u{{{ord(char):x}}}" for char in text
    )


def _parameter(schema: Any, root: Schema, *, is_required: bool = False) -> Parameter:
    text = _text(schema, root)
    return Parameter(_standalone(_object(schema), root), text, is_required)


def _text(schema: Any, root: Schema) -> Text | None:
    """How values of a schema are written as text; None where they are not."""
    resolved = _resolved(_object(schema), root)
    options = resolved.get("anyOf")
    if isinstance(options, list) and not resolved.keys() & (_NEEDS_JSON - {"anyOf"}):
        rest = [option for option in cast("list[Any]", options) if option != {"type": "null"}]
        inner = _text(rest[0], root) if len(rest) == 1 and "type" not in resolved else None
        return replace(inner, or_null=True) if inner else None
    choices = resolved.get("enum", [resolved["const"]] if "const" in resolved else [])
    kinds = _kinds(resolved, choices)
    if resolved.keys() & _NEEDS_JSON or not kinds or not kinds <= {"string", "null"}:
        return None
    if "string" not in kinds:
        return None
    texts = tuple(choice for choice in choices if isinstance(choice, str))
    if choices and not texts:
        return None
    or_null = "null" in kinds and (not choices or None in choices)
    least, most = resolved.get("minLength", 0), resolved.get("maxLength")
    return Text(texts, int(least), None if most is None else int(most), or_null)


def _kinds(schema: Schema, choices: Any) -> set[str]:
    """The types that a schema allows; empty if it does not say."""
    declared = schema.get("type", [])
    if declared:
        return {declared} if isinstance(declared, str) else set(declared)
    return {"string" if isinstance(one, str) else "null" if one is None else "" for one in choices}


def _standalone(schema: Schema, root: Schema) -> Schema:
    """A part of a schema whose references still lead where they did."""
    if '"$ref"' not in json.dumps(schema):
        return schema
    return {**_moved(schema), "$defs": {"root": _moved(root)}}


def _moved(value: Any) -> Any:
    """A schema whose references to the root lead to ``#/$defs/root`` instead."""
    if isinstance(value, list):
        return [_moved(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(item) for key, item in cast("dict[str, Any]", value).items()}
    target = moved.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        moved["$ref"] = f"#/$defs/root{target[1:]}"
    return moved


def _resolved(schema: Schema, root: Schema) -> Schema:
    """A schema behind its references, if it is nothing but one; itself if they lead nowhere."""
    found = schema
    for _ in range(_MAX_REFERENCES):
        target = found.get("$ref")
        if not isinstance(target, str) or not target.startswith("#/"):
            break
        at: Any = root
        for step in target[2:].split("/"):
            at = _object(at).get(step.replace("~1", "/").replace("~0", "~"))
        if not isinstance(at, dict):
            break
        found = {**cast("dict[str, Any]", at), **{k: v for k, v in found.items() if k != "$ref"}}
    return found


def _merged(root: Schema) -> Schema:
    """Of an object that has one of some forms, what is true of all: no tag can depend on another.

    That a call has one of the forms is looked at when it is complete.
    """
    forms = _forms(root)
    if len(forms) == 1:
        return forms[0]
    properties: dict[str, list[Any]] = {}
    for form in forms:
        for key, said in _object(form.get("properties")).items():
            properties.setdefault(key, []).append(said)
    required = [set(form.get("required", [])) for form in forms]
    return {
        "properties": {key: _either(said) for key, said in properties.items()},
        "required": [key for key in properties if all(key in one for one in required)],
        "additionalProperties": any(form.get("additionalProperties", True) for form in forms),
    }


def _forms(root: Schema) -> list[Schema]:
    """The forms of a union and of unions in it; each reference is followed once, so this ends."""
    found: list[Schema] = []
    followed: set[str] = set()
    pending = deque([root])
    while pending:
        schema = pending.popleft()
        target = schema.get("$ref")
        if isinstance(target, str):
            if target in followed:
                continue
            followed.add(target)
        schema = _resolved(schema, root)
        options: list[Any] = schema.get("anyOf") or []
        if options and "properties" not in schema:
            pending.extendleft(_object(option) for option in reversed(options))
        else:
            found.append(schema)
    return found


def _either(schemas: list[Any]) -> Any:
    """A schema of all values that one of some has."""
    different = list({json.dumps(one, sort_keys=True): one for one in schemas}.values())
    if len(different) == 1:
        return different[0]
    if all(set(_object(one)) == {"enum"} for one in different):
        return {"enum": list(dict.fromkeys(value for one in different for value in one["enum"]))}
    return {"anyOf": different}


def _object(value: Any) -> Schema:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
