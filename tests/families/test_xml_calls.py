"""Calls with a tag for each argument: grammar, reader and history agree."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.canonical import canonical
from senryu.core import Call, Constraint, Conversation, Tool
from senryu.families.turns import Numbered
from senryu.families.xml_calls import XmlFormat
from senryu.families.xml_values import Parameters
from tests.families.golden import folded
from tests.families.grammars import Matcher

SINGLE = XmlFormat(
    head="\n<function={name}>\n",
    key="<parameter={name}>\n",
    close="\n</parameter>\n",
    tail="</function>\n",
    end="</tool_call>",
    markers=("</tool_call>",),
)
TOKENS = XmlFormat(
    head="{name}\n",
    key="<arg_key>{name}</arg_key>\n<arg_value>",
    close="</arg_value>\n",
    tail="",
    end="</tool_call>",
    markers=("</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
)
SEVERAL = XmlFormat(
    head='\n<invoke name="{name}">\n',
    key='<parameter name="{name}" string="{is_text}">',
    close="</parameter>\n",
    tail="</invoke>",
    end="\n</calls>",
    holds_several=True,
)
FORMATS = [SINGLE, TOKENS, replace(TOKENS, markers=("</tool_call>",)), SEVERAL]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"unit": {"enum": ["m", "km"]}, "tree": {"items": {"$ref": "#/$defs/tree"}}},
    "properties": {
        "text": {"type": "string"},
        "short": {"type": "string", "minLength": 1, "maxLength": 4},
        "unit": {"$ref": "#/$defs/unit"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "either": {"type": ["string", "integer"]},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}},
        "anything": {},
    },
    "required": ["text", "flag"],
    "additionalProperties": False,
}
TEXTS = st.text(st.sampled_from('ab <>/{}"\\\n é\u2028'), max_size=6)
TREES = st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=2), max_leaves=4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "short": st.text(st.sampled_from("ab\n<>"), min_size=1, max_size=4),
    "unit": st.sampled_from(["m", "km"]),
    "maybe": st.none() | TEXTS.filter(lambda text: text != "null"),
    "either": TEXTS | st.integers(-9, 99),
    "code": st.text(st.sampled_from("abc"), min_size=1),
    "number": st.integers(-5, 5) | st.just(0.5),
    "flag": st.booleans(),
    "tree": TREES.map(lambda tree: [tree]),
    "anything": st.none() | TEXTS | st.lists(st.integers(0, 9), max_size=3),
}
TOOL = Tool("f_1", "", canonical(SCHEMA))
FREE = Tool("free", "", '{"type": "object", "additionalProperties": {"type": "string"}}')
NOTHING = Tool("nothing", "", '{"type": "object"}')
TOOLS = (TOOL, FREE, NOTHING)
REQUIRED = {name: VALUES[name] for name in ("text", "flag")}
OPTIONAL = {name: value for name, value in VALUES.items() if name not in REQUIRED}
ARGUMENTS = st.fixed_dictionaries(REQUIRED, optional=OPTIONAL)


def written(form: XmlFormat, *calls: Call) -> str:
    """Calls as history has them, behind the trigger."""
    numbered = [Numbered(index, call) for index, call in enumerate(calls)]
    return "".join(s.text for s in form.write(numbered, Conversation((), tools=TOOLS)))


def read(form: XmlFormat, parts: list[str]) -> tuple[list[list[Any]], str | None]:
    """What a reader makes of parts, and what it leaves."""
    reader = form.reader(Conversation((), tools=TOOLS))
    pieces: list[Any] = []
    for number, part in enumerate(parts):
        found, rest = reader.feed(part)
        pieces += found
        if rest is not None:
            return folded(pieces), rest + "".join(parts[number + 1 :])
    found, rest = reader.close()
    return folded([*pieces, *found]), rest


def matcher(form: XmlFormat, *, parallel: bool = True) -> Matcher:
    """The grammar of all tools, on a vocabulary with the format's markers."""
    grammar = form.grammar(list(TOOLS), parallel)
    return Matcher(Constraint(grammar.text, grammar.markers), form.markers)


@pytest.mark.parametrize("form", FORMATS)
@given(arguments=ARGUMENTS, data=st.data())
def test_what_is_written_is_read_and_accepted(
    form: XmlFormat, arguments: dict[str, Any], data: st.DataObject
) -> None:
    ordered = {name: arguments[name] for name in sorted(arguments)}
    text = written(form, Call("1", "f_1", json.dumps(ordered, ensure_ascii=False)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    for parts in ([text], list(text), [text[a:b] for a, b in pairwise([0, *cuts, len(text)])]):
        pieces, rest = read(form, [*parts, "!"])
        assert [(piece[1], json.loads(piece[2])) for piece in pieces] == [("f_1", ordered)]
        assert rest == "!"
    assert matcher(form).accepts(text)


@pytest.mark.parametrize("form", FORMATS)
@given(text=TEXTS)
def test_an_argument_that_the_schema_leaves_open_is_read_too(form: XmlFormat, text: str) -> None:
    spelled = written(form, Call("1", "free", json.dumps({"any.name": text})))
    pieces, _ = read(form, [spelled])
    assert json.loads(pieces[0][2]) == {"any.name": text}
    assert matcher(form).accepts(spelled)


@pytest.mark.parametrize("form", FORMATS)
def test_a_call_without_arguments_is_an_empty_object(form: XmlFormat) -> None:
    spelled = written(form, Call("1", "nothing", "{}"))
    assert read(form, list(spelled)) == ([["call", "nothing", "{}"]], "")
    assert matcher(form).accepts(spelled)


def test_several_calls_stand_in_one_frame_only_where_the_format_says_so() -> None:
    calls = [Call(str(number), "nothing", "{}") for number in range(2)]
    spelled = written(SEVERAL, *calls)
    assert read(SEVERAL, [spelled]) == ([["call", "nothing", "{}"]] * 2, "")
    assert matcher(SEVERAL).accepts(spelled)
    assert not matcher(SEVERAL, parallel=False).accepts(spelled)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "arguments",
    [
        {"flag": True},
        {"text": "a", "flag": "yes"},
        {"text": "a", "flag": True, "short": "abcde"},
        {"text": "a", "flag": True, "short": ""},
        {"text": "a", "flag": True, "unit": "mile"},
        {"text": "a", "flag": True, "code": "A"},
        {"text": "a", "flag": True, "either": 1.5},
        {"text": "a", "flag": True, "other": 1},
    ],
)
def test_what_breaks_the_schema_is_not_accepted(form: XmlFormat, arguments: dict[str, Any]) -> None:
    ordered = {name: arguments[name] for name in sorted(arguments)}
    assert not matcher(form).accepts(written(form, Call("1", "f_1", json.dumps(ordered))))


def test_short_text_cannot_go_on_behind_its_end() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 20}}}
    tool = Tool("f_1", "", canonical(schema))
    grammar = SINGLE.grammar([tool], True)
    text = "\n<function=f_1>\n<parameter=a>\nb\n</parameter>\n" + "c" * 20 + "\n</parameter>\n"
    _, is_whole = Matcher(Constraint(grammar.text, grammar.markers)).match(text)
    left, _ = Matcher(Constraint(grammar.text, grammar.markers)).match(text)
    assert left
    assert not is_whole


@pytest.mark.parametrize("form", FORMATS)
def test_a_call_that_is_cut_is_not_whole(form: XmlFormat) -> None:
    arguments = {"either": 5, "flag": True, "text": "abc"}
    text = written(form, Call("1", "f_1", json.dumps(arguments)))
    begun = text.index("f_1") + 6
    for length in range(begun, len(text) - len(form.end)):
        assert read(form, [text[:length]]) == ([["cut_call"]], "")


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
def test_any_soup_is_read_alike_however_it_is_cut(form: XmlFormat, data: st.DataObject) -> None:
    call = written(form, Call("1", "f_1", '{"flag": true, "text": "a"}'))
    tags = [form.head.replace("{name}", "f_1"), form.close, form.tail, form.end, call, call[:-5]]
    tags += [form.key.replace("{name}", name).replace("{is_text}", "true") for name in VALUES]
    text = "".join(data.draw(st.lists(st.sampled_from([*tags, "a", "\n", "<", "1"]), max_size=8)))
    assert read(form, list(text)) == read(form, [text])


def test_arguments_of_a_forgotten_tool_are_written_as_their_types_say() -> None:
    call = Call("1", "gone", '{"a": "x", "b": 1}')
    assert "<parameter=a>\nx\n</parameter>\n<parameter=b>\n1\n" in written(SINGLE, call)


FORMS: dict[str, Any] = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"a": {"enum": [name]}, "b": {"type": "string"}, name: {}},
            "required": ["a", *required],
            "additionalProperties": False,
        }
        for name, required in (("x", []), ("y", ["b"]))
    ]
}


@pytest.mark.parametrize("form", FORMATS)
def test_of_several_forms_of_arguments_what_is_true_of_all_is_enforced(form: XmlFormat) -> None:
    tool = Tool("g", "", canonical(FORMS))
    grammar = form.grammar([tool], True)
    whole = Matcher(Constraint(grammar.text, grammar.markers), form.markers)
    asked = Conversation((), tools=(tool,))
    for arguments, is_possible in [
        ({"a": "x"}, True),
        ({"a": "y", "b": "text"}, True),
        ({"a": "y", "y": 1}, True),  # lacks what this form needs: seen when it is complete
        ({"b": "text"}, False),
        ({"a": "z"}, False),
    ]:
        numbered = [Numbered(0, Call("1", "g", json.dumps(arguments)))]
        text = "".join(segment.text for segment in form.write(numbered, asked))
        assert whole.accepts(text) == is_possible


CHAIN: dict[str, Any] = {
    f"d{place}": {
        "anyOf": [
            {"$ref": f"#/$defs/d{place + 1}"},
            {"$ref": f"#/$defs/d{place + 1}"},
            {"type": "object", "properties": {f"k{place}": {"type": "integer"}}},
        ]
    }
    for place in range(40)
}
ENDLESS: dict[str, dict[str, Any]] = {
    "itself": {
        "anyOf": [{"$ref": "#/$defs/a"}],
        "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}},
    },
    "each other": {
        "$ref": "#/$defs/a",
        "$defs": {
            "a": {"anyOf": [{"$ref": "#/$defs/b"}, {"properties": {"k0": {}}}]},
            "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"properties": {"k1": {}}}]},
        },
    },
    "a doubling chain": {"$ref": "#/$defs/d0", "$defs": CHAIN | {"d40": {"type": "object"}}},
}


@pytest.mark.parametrize("row", ENDLESS)
def test_forms_that_refer_to_forms_end(row: str) -> None:
    parameters = Parameters.of(Tool("f", "", canonical(ENDLESS[row])))
    assert all(not parameter.is_required for parameter in parameters.named.values())
    assert len(parameters.named) == {"itself": 0, "each other": 2, "a doubling chain": 40}[row]
