"""Grammars of arguments in notations other than JSON, made from JSON schemas.

A notation says how strings, keys and constants are written; numbers are JSON's in all of them. What
of a schema cannot be said in a notation is no reason to enforce less: the family then uses JSON
(``InexpressibleError``). Objects get the properties that their schema names and no others, in
its order. Knows no model.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast

from senryu.canonical import canonical
from senryu.core import Segment
from senryu.families.grammar import json_rule, literal

__all__ = ["InexpressibleError", "LiteralRules", "Notation", "Schema", "forms", "write_literal"]

_MAX_DEPTH = 32
_NOTES = frozenset(
    {
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
        *("$schema", "$id", "$comment"),
    }
)
_KEYWORDS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"minLength", "maxLength", "pattern", "format"}),
    "integer": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "number": frozenset(
        {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    ),
    "boolean": frozenset(),
    "null": frozenset(),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
}
_ALL_KEYWORDS = frozenset[str]().union(*_KEYWORDS.values())

Schema = Mapping[str, Any]


class InexpressibleError(Exception):
    """A value or a schema cannot be written in a notation."""


class Notation(Protocol):
    """How a notation writes values. Whatever it cannot write is an ``InexpressibleError``."""

    @property
    def comma(self) -> str:
        """What stands between two values or pairs."""
        ...

    @property
    def colon(self) -> str:
        """What stands between a key and its value."""
        ...

    @property
    def constants(self) -> tuple[str, str, str]:
        """True, false and null."""
        ...

    def key(self, name: str) -> str:
        """A key of an object."""
        ...

    def string(self, text: str) -> list[Segment]:
        """A string."""
        ...

    def terms(self, segments: Iterable[Segment]) -> str:
        """What matches a written value, in the language of grammars."""
        ...

    def strings(self, schema: Schema, rules: "LiteralRules") -> str:
        """What matches the strings of a schema that has no more keywords than strings may have."""
        ...

    def keys(self) -> str:
        """What matches any key."""
        ...


def forms(schema: Any) -> list[Any]:
    """The schemas of which values must have one: those of a schema that is only a union, or it."""
    if not isinstance(schema, dict):
        return [schema]
    said = cast("dict[str, Any]", schema)
    return said["anyOf"] if set(said) == {"anyOf"} else [said]


def write_literal(value: Any, notation: Notation) -> list[Segment]:
    """A value of JSON in a notation.

    Raises:
        InexpressibleError: the notation cannot write it.
    """
    true, false, null = notation.constants
    match value:
        case str():
            return notation.string(value)
        case bool():
            return [Segment(true if value else false)]
        case None:
            return [Segment(null)]
        case list():
            items = (write_literal(item, notation) for item in cast("list[Any]", value))
            return [Segment("["), *_joined(items, notation.comma), Segment("]")]
        case dict():
            pairs = cast("dict[str, Any]", value).items()
            written = (
                [Segment(notation.key(key) + notation.colon), *write_literal(item, notation)]
                for key, item in pairs
            )
            return [Segment("{"), *_joined(written, notation.comma), Segment("}")]
        case _:
            return [Segment(canonical(value))]


def _joined(items: Iterable[list[Segment]], comma: str) -> list[Segment]:
    joined: list[Segment] = []
    for item in items:
        joined += [*([Segment(comma)] if joined else []), *item]
    return joined


class LiteralRules:
    """Collects the rules of some values.

    Arguments:
        notation: how they are written.
        prefix: how the names of the rules begin.
    """

    def __init__(self, notation: Notation, prefix: str) -> None:
        self._notation = notation
        self._prefix = prefix
        self._names: dict[str, str] = {}
        self._lazy: set[str] = set()

    @property
    def lines(self) -> list[str]:
        """The rules."""
        return [
            f"{name}{'[lazy]' if name in self._lazy else ''}: {body}"
            for body, name in self._names.items()
        ]

    def lazy(self, regex: str) -> str:
        """The name of the rule that matches as little as it can of a regular expression."""
        name = self._rule(regex)
        self._lazy.add(name)
        return name

    def value(self, schema: Any, depth: int = 0) -> str:
        """The name of the rule that matches the values of a schema.

        Raises:
            InexpressibleError: the notation or this module cannot say what the schema does.
        """
        if depth > _MAX_DEPTH or schema is False:
            raise InexpressibleError
        if schema is True or not set(schema) - _NOTES:
            return self._any()
        body = {key: said for key, said in schema.items() if key not in _NOTES}
        for keyword, options in (("enum", body.get("enum")), ("const", [body.get("const")])):
            if keyword in body:
                return self._options(options, body, keyword)
        if "anyOf" in body:
            if len(body) > 1:
                raise InexpressibleError
            return self._either([self.value(option, depth + 1) for option in body["anyOf"]])
        kinds = body.get("type", "object" if "properties" in body else None)
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not kinds or set(body) - {"type"} - _ALL_KEYWORDS:
            raise InexpressibleError
        return self._either([self._kind(kind, body, depth) for kind in kinds])

    def members(self, schema: Schema, keys: Mapping[str, str], depth: int = 0) -> str:
        """What matches the pairs of an object, without brackets; empty if it can have none.

        Arguments:
            schema: the object's.
            keys: each property's name with what stands between it and its value.
            depth: how many values this one is in.
        """
        properties = cast("Mapping[str, Any]", schema.get("properties", {}))
        required = set(cast("list[str]", schema.get("required", [])))
        if required - set(properties):
            raise InexpressibleError
        pairs = [(keys[name], self.value(said, depth + 1)) for name, said in properties.items()]
        needed = [name in required for name in properties]
        last_first = needed.index(True) if any(needed) else len(needed) - 1
        rest = ""  # what may follow once a pair was written
        firsts: list[str] = []
        for place in reversed(range(len(pairs))):
            key, value = pairs[place]
            if place <= last_first:
                firsts = [self._rule(f"{literal(key)} {value} {rest}".rstrip()), *firsts]
            if place > 0:
                more = f"{literal(self._notation.comma + key)} {value}"
                rest = self._rule(f"{more if needed[place] else f'({more})?'} {rest}".rstrip())
        if not firsts:
            return ""
        either = self._either(firsts)
        return either if any(needed) else self._rule(f"{either}?")

    def _kind(self, kind: str, body: Schema, depth: int) -> str:
        """The values of one type; of the keywords only those that are about it count."""
        if kind not in _KEYWORDS:
            raise InexpressibleError
        schema = {"type": kind, **{k: v for k, v in body.items() if k in _KEYWORDS[kind]}}
        true, false, null = map(literal, self._notation.constants)
        match kind:
            case "string":
                return self._rule(self._notation.strings(schema, self))
            case "integer" | "number":
                return self._rule(json_rule(schema))
            case "boolean":
                return self._rule(f"{true} | {false}")
            case "null":
                return self._rule(null)
            case "array":
                return self._array(schema, depth)
            case _:
                return self._object(schema, depth)

    def _array(self, schema: Schema, depth: int) -> str:
        item = self.value(schema.get("items", True), depth + 1)
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if most == 0:
            return self._rule('"[" "]"')
        bounds = f"{max(least - 1, 0)},{'' if most is None else most - 1}"
        items = f"{item} ({literal(self._notation.comma)} {item}){{{bounds}}}"
        return self._rule(f'"[" {items} "]"' if least else f'"[" ({items})? "]"')

    def _object(self, schema: Schema, depth: int) -> str:
        others = schema.get("additionalProperties", True)
        if schema.get("properties"):
            if isinstance(others, dict):
                raise InexpressibleError
            keys = {name: self._pair(name) for name in schema["properties"]}
            return self._rule(f'"{{" {self.members(schema, keys, depth)} "}}"')
        if schema.get("required"):
            raise InexpressibleError
        if others is False:
            return self._rule('"{" "}"')
        value = self.value(others, depth + 1)
        return self._rule(self._free(value))

    def _pair(self, name: str) -> str:
        return self._notation.key(name) + self._notation.colon

    def _free(self, value: str) -> str:
        """An object of any keys."""
        pair = f"{self._rule(self._notation.keys())} {literal(self._notation.colon)} {value}"
        return f'"{{" ({pair} ({literal(self._notation.comma)} {pair})*)? "}}"'

    def _any(self) -> str:
        """Any value at all."""
        name = f"{self._prefix}_any"
        if name not in self._names.values():
            options = [
                self._rule(self._notation.strings({"type": "string"}, self)),
                self._rule(json_rule({"type": "number"})),
                *map(literal, self._notation.constants),
            ]
            items = f"{name} ({literal(self._notation.comma)} {name})*"
            bodies = [*options, f'"[" ({items})? "]"', self._free(name)]
            self._names[" | ".join(bodies)] = name
        return name

    def _options(self, options: Any, body: Schema, keyword: str) -> str:
        if set(body) - {"type", keyword} or not options:
            raise InexpressibleError
        return self._either(
            [
                self._rule(self._notation.terms(write_literal(option, self._notation)))
                for option in cast("list[Any]", options)
                if _fits(option, body.get("type"))
            ]
        )

    def _either(self, names: list[str]) -> str:
        if not names:
            raise InexpressibleError
        return names[0] if len(names) == 1 else self._rule(" | ".join(dict.fromkeys(names)))

    def _rule(self, body: str) -> str:
        """The name of the rule with this body."""
        return self._names.setdefault(body, f"{self._prefix}_{len(self._names)}")


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def _fits(value: Any, kinds: Any) -> bool:
    """Whether a value is of one of the types."""
    if kinds is None:
        return True
    for kind in [kinds] if isinstance(kinds, str) else kinds:
        if isinstance(value, bool):
            fits = kind == "boolean"
        else:
            fits = isinstance(value, _TYPES.get(kind, ())) or (
                kind == "integer" and isinstance(value, float) and value.is_integer()
            )
        if fits:
            return True
    return False
