"""Grammars of arguments in notations other than JSON: what they let pass, and what not."""

import json
from typing import Any

import pytest

from senryu.canonical import canonical
from senryu.core import Constraint, Conversation, Demands, Passage, Tool, Utterance
from tests.families.golden import family_of
from tests.families.grammars import Matcher

LFM2 = ["<|im_start|>", "<|tool_call_start|>", "<|tool_call_end|>"]
GEMMA = ["<|turn>", "<|tool_call>", "<tool_call|>", '<|"|>']

Row = tuple[dict[str, Any], list[str], list[str]]
STRING = {"type": "string"}
# The schema of a property ``a``; values that are possible, and some that are not.
PYTHON: dict[str, Row] = {
    "any": ({}, ['"x"', "None", '[1, {"k": True}]', "{}"], ["null", "'x'", "[1,2]"]),
    "string": (STRING, ['""', '"é\\n"'], ["x", '"\n"', "1"]),
    "pattern": ({"type": "string", "pattern": "^[ab]+$"}, ['"ab"'], ['"c"', '""']),
    "integer": ({"type": "integer", "minimum": 0, "maximum": 9}, ["0", "9"], ["10", "-1", "1.5"]),
    "boolean": ({"type": "boolean"}, ["True", "False"], ["true", "None", "1"]),
    "nullable": ({"type": ["boolean", "null"]}, ["True", "None"], ["null", '""']),
    "enum": ({"enum": ["a b", 1, None]}, ['"a b"', "1", "None"], ['"a"', "2"]),
    "enum of a type": ({"type": "string", "enum": ["a", 1]}, ['"a"'], ["1"]),
    "const": ({"const": {"k": [True]}}, ['{"k": [True]}'], ["{}"]),
    "any of": ({"anyOf": [STRING, {"type": "null"}]}, ['"x"', "None"], ["1"]),
    "array": (
        {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2},
        ["[1]", "[1, 2]"],
        ["[]", "[1, 2, 3]", "[True]", "[1,2]"],
    ),
    "empty array": ({"type": "array", "maxItems": 0}, ["[]"], ["[1]"]),
    "object": (
        {
            "type": "object",
            "properties": {"p": STRING, "q-r": {"type": "integer"}, "s": {"type": "null"}},
            "required": ["q-r"],
        },
        ['{"q-r": 1}', '{"p": "", "q-r": 1, "s": None}', '{"q-r": 1, "s": None}'],
        ["{}", '{"p": ""}', '{"q-r": 1, "p": ""}', '{"q-r": 1, "t": 1}', '{"s": None, "q-r": 1}'],
    ),
    "optional only": (
        {"type": "object", "properties": {"p": {"type": "null"}, "q": {"type": "null"}}},
        ["{}", '{"p": None}', '{"q": None}', '{"p": None, "q": None}'],
        ['{, "q": None}', '{"q": None, "p": None}'],
    ),
    "closed": ({"type": "object", "additionalProperties": False}, ["{}"], ['{"p": 1}']),
    "map": (
        {"type": "object", "additionalProperties": {"type": "boolean"}},
        ["{}", '{"x y": True, "z": False}'],
        ['{"x": 1}'],
    ),
}
NOTATION: dict[str, Row] = {
    "any": ({}, ['<|"|>x<|"|>', "null", '[1,{k:true,l:<|"|><|"|>}]', "{}"], ["None", '"x"']),
    "string": (STRING, ['<|"|><|"|>', '<|"|>a "b"\n{<|"|>'], ["x", '"x"', "1"]),
    "length": (
        {"type": "string", "minLength": 2, "maxLength": 3},
        ['<|"|>äö<|"|>', '<|"|>abc<|"|>'],
        ['<|"|>a<|"|>', '<|"|>abcd<|"|>'],
    ),
    "number": ({"type": "number", "maximum": 5}, ["4.5", "-1"], ["6", '<|"|>1<|"|>']),
    "enum": ({"enum": ["a b", 1, ""]}, ['<|"|>a b<|"|>', "1", '<|"|><|"|>'], ['<|"|>a<|"|>']),
    "object": (
        {"type": "object", "properties": {"p": {"type": "integer"}, "q": {"type": "boolean"}}},
        ["{}", "{p:1}", "{q:true}", "{p:1,q:false}"],
        ["{q:true,p:1}", '{"p":1}', "{p: 1}"],
    ),
}


def constraint_of(family: str, special: list[str], schema: dict[str, Any]) -> Constraint:
    """What an answer must keep to that calls a tool with these arguments."""
    asked = Conversation(
        (Utterance("user", (Passage("go"),)),), tools=(Tool("f", "", canonical(schema)),)
    )
    guide = family_of(family, {"special_tokens": special}).guide(asked, Demands("any"))
    assert guide
    assert guide.constraint
    return guide.constraint


def schema_with(inner: dict[str, Any]) -> dict[str, Any]:
    """Arguments with one property."""
    return {"type": "object", "properties": {"a": inner}, "required": ["a"]}


@pytest.mark.parametrize("row", PYTHON)
def test_python_literals_keep_to_their_schema(row: str) -> None:
    schema, good, bad = PYTHON[row]
    matcher = Matcher(constraint_of("lfm2", LFM2, schema_with(schema)), LFM2)
    shown = {text: matcher.accepts(f"[f(a={text})]<|tool_call_end|>") for text in [*good, *bad]}
    assert shown == {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}


@pytest.mark.parametrize("special", [GEMMA, GEMMA[:3]], ids=["tokens", "text"])
@pytest.mark.parametrize("row", NOTATION)
def test_gemmas_values_keep_to_their_schema(row: str, special: list[str]) -> None:
    schema, good, bad = NOTATION[row]
    matcher = Matcher(constraint_of("gemma", GEMMA, schema_with(schema)), special)
    shown = {text: matcher.accepts(f"call:f{{a:{text}}}<tool_call|>") for text in [*good, *bad]}
    assert shown == {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}


def form(name: str, *required: str) -> dict[str, Any]:
    """Arguments whose first one says which others there must be."""
    return {
        "type": "object",
        "properties": {"a": {"enum": [name]}, "b": STRING},
        "required": ["a", *required],
        "additionalProperties": False,
    }


def test_arguments_may_have_one_of_some_forms() -> None:
    schema = {"anyOf": [form("x"), form("y", "b")]}
    python = Matcher(constraint_of("lfm2", LFM2, schema), LFM2)
    gemma = Matcher(constraint_of("gemma", GEMMA, schema), GEMMA)
    good = ['a="x"', 'a="y", b=""']
    for pairs in [*good, 'a="y"', 'a="z", b=""']:
        assert python.accepts(f"[f({pairs})]<|tool_call_end|>") == (pairs in good)
        marked = pairs.replace('"', '<|"|>').replace("=", ":").replace(", ", ",")
        assert gemma.accepts(f"call:f{{{marked}}}<tool_call|>") == (pairs in good)


INEXPRESSIBLE: dict[str, dict[str, Any]] = {
    "a reference": {"$ref": "#/$defs/a"},
    "conditions": {"type": "integer", "not": {"const": 1}},
    "all of": {"allOf": [STRING]},
    "a tuple": {"type": "array", "prefixItems": [STRING]},
    "names required but unknown": {"type": "object", "required": ["p"]},
    "known and other names": {
        **{"type": "object", "properties": {"p": STRING}, "additionalProperties": STRING},
    },
    "enum and more": {"enum": ["a", "b"], "minLength": 1},
    "nothing": {"anyOf": []},
}


@pytest.mark.parametrize("row", INEXPRESSIBLE)
def test_what_a_notation_cannot_say_is_json(row: str) -> None:
    schema = {**schema_with(INEXPRESSIBLE[row]), "$defs": {"a": STRING}}
    python = constraint_of("lfm2", LFM2, schema).grammar
    notation = constraint_of("gemma", GEMMA, schema).grammar
    head = json.dumps('{"name": "f", "arguments": ')
    assert head in python
    assert "args_0: %json" in notation
    assert "args_0: %json" in python


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {"class": STRING}},
        {"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING},
        {"type": "object", "properties": {"a": STRING}, "minProperties": 1},
        {"type": "object", "properties": {"a": STRING}, "anyOf": [{"required": ["a"]}]},
    ],
)
def test_arguments_that_are_no_keywords_are_json(schema: dict[str, Any]) -> None:
    assert "args_0: %json" in constraint_of("lfm2", LFM2, schema).grammar


def test_a_deep_schema_ends() -> None:
    deep: dict[str, Any] = STRING
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    assert "args_0: %json" in constraint_of("gemma", GEMMA, schema_with(deep)).grammar


def test_what_can_be_enforced_is_what_is_enforced() -> None:
    tool = Tool("f", "", canonical(schema_with({"not": {}})), enforced=canonical(schema_with({})))
    asked = Conversation((Utterance("user", (Passage("go"),)),), tools=(tool,))
    for family, special in (("lfm2", LFM2), ("gemma", GEMMA)):
        guide = family_of(family, {"special_tokens": special}).guide(asked, Demands("any"))
        assert guide
        assert guide.constraint
        assert "_any" in guide.constraint.grammar
