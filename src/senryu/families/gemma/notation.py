"""Gemma 4's own notation of values: ``{city:<|"|>Paris<|"|>,days:2}``.

The marker around strings is a token, so text never needs an escape. Keys are bare, and so cannot be
just anything: what has others is written in JSON.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, cast

from senryu.core import Segment, Tool
from senryu.families.grammar import literal
from senryu.families.literal_grammar import (
    InexpressibleError,
    LiteralRules,
    forms,
    write_literal,
)

__all__ = ["QUOTE", "arguments_rules", "declaration", "quoted", "written"]

QUOTE = '<|"|>'
_MARKER = Segment(QUOTE, special=True)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPELLED = re.escape(QUOTE)
_LEAST_TO_KNOW = ("description", "enum", "items", "nullable", "properties", "required")


class _Gemma:
    comma = ","
    colon = ":"
    constants = ("true", "false", "null")

    def key(self, name: str) -> str:
        """A bare key."""
        if not _KEY.fullmatch(name):
            raise InexpressibleError
        return name

    def string(self, text: str) -> list[Segment]:
        """A string."""
        return quoted(text)

    def terms(self, segments: Iterable[Segment]) -> str:
        """What matches a written value; the marker around strings is the grammar's second."""
        terms: list[str] = []
        for segment in segments:
            if segment.special:
                terms.append("marker_1")
            elif QUOTE in segment.text:
                raise InexpressibleError
            elif segment.text:
                terms.append(literal(segment.text))
        return " ".join(terms)

    def strings(self, schema: Mapping[str, Any], rules: LiteralRules) -> str:
        """What matches strings, of which only the length can be told.

        They end where the marker does, also in a vocabulary that has no token for it.
        """
        if not schema.keys() <= {"type", "minLength", "maxLength"}:
            raise InexpressibleError
        least, most = schema.get("minLength", 0), schema.get("maxLength", "")
        text = f"(?s:.{{{least},{most}}})" if least or most != "" else "(?s:.*)"
        spelled = rules.lazy(f"/{text}{_SPELLED}/")
        return f"marker_1 (/{text}/ marker_1 | {spelled})"

    def keys(self) -> str:
        """What matches any key."""
        return f"/{_KEY.pattern}/"


_GEMMA = _Gemma()


def quoted(text: str) -> list[Segment]:
    """A string."""
    return [_MARKER, *([Segment(text)] if text else []), _MARKER]


def written(value: Any) -> list[Segment]:
    """A value.

    Raises:
        InexpressibleError: a key cannot stand bare.
    """
    return write_literal(value, _GEMMA)


@lru_cache(maxsize=256)
def arguments_rules(schema: str, prefix: str) -> tuple[str, tuple[str, ...]]:
    """What matches an object of arguments with its brackets, and the rules that this needs.

    Arguments:
        schema: the object's, as text.
        prefix: how the names of the rules begin.

    Raises:
        InexpressibleError: the notation cannot say what the schema does.
    """
    parsed: Any = json.loads(schema)
    rules = LiteralRules(_GEMMA, prefix)
    name = rules.value(parsed)
    for form in forms(parsed):
        if not isinstance(form, dict) or cast("dict[str, Any]", form).get("type") != "object":
            raise InexpressibleError
    return name, tuple(rules.lines)


def declaration(tool: Tool) -> list[Segment]:
    """A tool as the model is told of it."""
    parameters = json.loads(tool.schema)
    segments = [Segment(f"declaration:{tool.name}{{description:"), *quoted(tool.description)]
    segments += [Segment(",parameters:"), *_schema(parameters)]
    if tool.examples:
        examples = (_anything(json.loads(example)) for example in tool.examples)
        segments += [Segment(",examples:"), *_listed(examples)]
    return [*segments, Segment("}")]


def _schema(schema: Any) -> list[Segment]:
    """A schema: types in capitals and last, as the models know them."""
    if not isinstance(schema, dict):
        return _anything(schema)
    said = cast("dict[str, Any]", schema)
    first = [key for key in _LEAST_TO_KNOW if key in said]
    rest = [key for key in said if key not in (*first, "type")]
    pairs = [(key, _keyword(key, said[key])) for key in (*first, *rest)]
    if "type" in said:
        pairs.append(("type", _types(said["type"])))
    return _object(pairs)


def _keyword(key: str, value: Any) -> list[Segment]:
    match key, value:
        case (("properties" | "$defs" | "definitions" | "patternProperties"), dict()):
            schemas = cast("dict[str, Any]", value).items()
            return _object([(name, _schema(inner)) for name, inner in schemas])
        case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
            return _listed(_schema(inner) for inner in cast("list[Any]", value))
        case (("items" | "additionalProperties" | "not"), dict()):
            return _schema(cast("Any", value))
        case _:
            return _anything(value)


def _types(types: Any) -> list[Segment]:
    if isinstance(types, str):
        return quoted(types.upper())
    return _anything([str(kind).upper() for kind in types])


def _object(pairs: Iterable[tuple[str, list[Segment]]]) -> list[Segment]:
    segments: list[Segment] = []
    for key, value in pairs:
        shown = key if _KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)
        segments += [Segment(f"{',' if segments else '{'}{shown}:"), *value]
    return [*segments, Segment("}")] if segments else [Segment("{}")]


def _listed(values: Iterable[list[Segment]]) -> list[Segment]:
    segments: list[Segment] = []
    for value in values:
        segments += [Segment("," if segments else "["), *value]
    return [*segments, Segment("]")] if segments else [Segment("[]")]


def _anything(value: Any) -> list[Segment]:
    """A value in the notation, or in JSON where that cannot be."""
    try:
        return written(value)
    except InexpressibleError:
        return [Segment(json.dumps(value, ensure_ascii=False))]
