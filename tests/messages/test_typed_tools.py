"""What models are told of tools."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from senryu.messages.schemas import open_object, read_schema, violations
from senryu.messages.typed_tools import tool_schema
from senryu.wire.tools import Tool
from tests.contract.manifest import requirement

READ: TypeAdapter[Any] = TypeAdapter(Tool)
SCREEN = {"display_width_px": 1024, "display_height_px": 768}
TOOLS: dict[str, dict[str, Any]] = {
    "bash_20250124": {"name": "bash"},
    "text_editor_20250124": {"name": "str_replace_editor"},
    "text_editor_20250429": {"name": "str_replace_based_edit_tool"},
    "text_editor_20250728": {"name": "str_replace_based_edit_tool"},
    "memory_20250818": {"name": "memory"},
    "computer_20250124": {"name": "computer"} | SCREEN,
}


def told(kind: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A tool's description and schema."""
    return tool_schema(READ.validate_python({"type": kind} | TOOLS[kind] | fields))[:2]


def held_to(kind: str) -> dict[str, Any]:
    """What a model is held to."""
    return tool_schema(READ.validate_python({"type": kind} | TOOLS[kind]))[2]


@requirement("tools.typed")
@pytest.mark.parametrize("kind", TOOLS)
def test_every_typed_tool_has_a_schema_that_is_enforced_whole(kind: str) -> None:
    description, schema = told(kind)
    assert description.strip()
    assert schema["type"] == "object"
    assert read_schema(schema).gaps == ()
    assert open_object(schema) is None
    assert all(inner["description"] for inner in schema["properties"].values())


@requirement("tools.typed")
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("bash_20250124", {"command": "ls"}),
        ("bash_20250124", {"restart": True}),
        ("text_editor_20250124", {"command": "undo_edit", "path": "/a"}),
        (
            "text_editor_20250124",
            {"command": "insert", "path": "/a", "insert_line": 0, "new_str": "x"},
        ),
        ("text_editor_20250429", {"command": "create", "path": "/a", "file_text": ""}),
        (
            "text_editor_20250728",
            {"command": "insert", "path": "/a", "insert_line": 1, "insert_text": "x"},
        ),
        ("text_editor_20250728", {"command": "view", "path": "/a", "view_range": [1, -1]}),
        ("text_editor_20250728", {"command": "str_replace", "path": "/a", "old_str": "x"}),
        ("memory_20250818", {"command": "rename", "old_path": "/a", "new_path": "/b"}),
        ("memory_20250818", {"command": "delete", "path": "/a"}),
        ("computer_20250124", {"action": "screenshot"}),
        ("computer_20250124", {"action": "left_click", "coordinate": [1, 2]}),
        (
            "computer_20250124",
            {
                "action": "scroll",
                "coordinate": [1, 2],
                "scroll_direction": "down",
                "scroll_amount": 3,
            },
        ),
        ("computer_20250124", {"action": "wait", "duration": 0.5}),
    ],
)
def test_documented_calls_are_valid(kind: str, given: dict[str, Any]) -> None:
    assert violations(told(kind)[1], given) is None
    assert violations(held_to(kind), given) is None


@pytest.mark.parametrize("kind", TOOLS)
def test_what_a_model_is_held_to_is_enforced_whole(kind: str) -> None:
    assert read_schema(held_to(kind)).gaps == ()


def test_a_model_writes_no_parameter_that_its_command_does_not_know() -> None:
    given = {"command": "view", "path": "/a", "old_str": "x"}
    assert violations(told("text_editor_20250728")[1], given) is None
    assert violations(held_to("text_editor_20250728"), given) is not None


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("bash_20250124", {}),
        ("text_editor_20250429", {"command": "undo_edit", "path": "/a"}),
        ("text_editor_20250728", {"command": "undo_edit", "path": "/a"}),
        ("text_editor_20250728", {"command": "view"}),
        ("text_editor_20250728", {"command": "str_replace", "path": "/a"}),
        ("text_editor_20250728", {"command": "create", "path": "/a"}),
        ("text_editor_20250124", {"command": "insert", "path": "/a", "insert_line": 1}),
        ("memory_20250818", {"path": "/a"}),
        ("memory_20250818", {"command": "rename", "path": "/a"}),
        ("memory_20250818", {"command": "delete", "old_path": "/a"}),
        ("computer_20250124", {"action": "type"}),
        ("computer_20250124", {"action": "scroll", "coordinate": [1, 2]}),
        ("computer_20250124", {"action": "left_click", "coordinate": [1]}),
    ],
)
def test_calls_of_another_version_or_without_what_is_needed_are_not(
    kind: str, given: dict[str, Any]
) -> None:
    assert violations(told(kind)[1], given) is not None
    assert violations(held_to(kind), given) is not None


def test_a_tools_own_fields_are_told_to_the_model() -> None:
    assert "10000 characters" in told("text_editor_20250728", max_characters=10000)[0]
    assert "characters" not in told("text_editor_20250728")[0]
    assert "1024 pixels wide and 768 high" in told("computer_20250124")[0]
    assert "(display 1)" in told("computer_20250124", display_number=1)[0]


def test_a_custom_tool_says_what_its_client_says() -> None:
    schema = {"type": "object", "x": 1}
    custom = READ.validate_python({"name": "f", "input_schema": schema})
    assert tool_schema(custom) == ("", schema, schema)
