"""What a model is told of each tool: for the API's own, the descriptions and schemas that it adds.

The parameters are those of the tools' public documentation (and for memory of the SDK's command
types); the words are ours. Pure data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from senryu.wire.tools import (
    BashTool,
    ClientTool,
    ComputerTool,
    CustomTool,
    MemoryTool,
    TextEditor20250124,
    TextEditor20250429,
    TextEditor20250728,
)

__all__ = ["tool_schema"]

_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to fill in an input.

    Arguments:
        needed: properties that must be there.
        optional: others that may.
        chosen: the property whose value tells this form, if one does, and its values.
    """

    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    chosen: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class _Input:
    """A tool's input: its properties, and the forms that it may have."""

    properties: _Json
    forms: tuple[_Form, ...]

    def told(self) -> _Json:
        """Its schema as the model is told of it, short, and as calls are judged by."""
        return {
            "type": "object",
            "properties": self.properties,
            "additionalProperties": False,
            "anyOf": [_needs(form) for form in self.forms],
        }

    def closed(self) -> _Json:
        """A schema by which a form has no properties but its own."""
        return {"anyOf": [self._closed(form) for form in self.forms]}

    def _closed(self, form: _Form) -> _Json:
        choice = _choice(form)
        named = {name: self.properties[name] for name in (*form.needed, *form.optional)}
        return {
            "type": "object",
            "properties": {**choice, **named},
            "required": [*choice, *form.needed],
            "additionalProperties": False,
        }


def _choice(form: _Form) -> _Json:
    return {form.chosen[0]: {"enum": list(form.chosen[1])}} if form.chosen else {}


def _needs(form: _Form) -> _Json:
    choice = _choice(form)
    required = {"required": [*choice, *form.needed]}
    return {"properties": choice, **required} if choice else required


def tool_schema(tool: ClientTool) -> tuple[str, _Json, _Json]:
    """A tool's description, which may be empty, its input's schema, and what a model is held to.

    Of the API's own tools a model is held to more than calls are judged by: it writes no parameter
    that its command does not know.
    """
    if isinstance(tool, CustomTool):
        return tool.description or "", tool.input_schema, tool.input_schema
    description, expected = _own(tool)
    return description, expected.told(), expected.closed()


def _own(
    tool: BashTool
    | TextEditor20250124
    | TextEditor20250429
    | TextEditor20250728
    | MemoryTool
    | ComputerTool,
) -> tuple[str, _Input]:
    match tool:
        case BashTool():
            return _BASH, _BASH_INPUT
        case TextEditor20250124():
            return _EDITOR + _UNDO, _editor_input("new_str", "undo_edit")
        case TextEditor20250429():
            return _EDITOR, _editor_input("insert_text")
        case TextEditor20250728():
            return _EDITOR + _shortened(tool.max_characters), _editor_input("insert_text")
        case MemoryTool():
            return _MEMORY, _MEMORY_INPUT
        case ComputerTool():
            return _screen(tool), _COMPUTER_INPUT


def _forms(
    choice: str, needs: Mapping[str, tuple[str, ...]], **optional: tuple[str, ...]
) -> tuple[_Form, ...]:
    """The forms of an input in which one property tells what the others are for.

    Arguments:
        choice: the property.
        needs: for its values, separated by spaces, the names of those that must be there.
        optional: for the first of such values the names of those that may be there.
    """
    return tuple(
        _Form(names, optional.get(values.split()[0], ()), (choice, tuple(values.split())))
        for values, names in needs.items()
    )


def _string(description: str) -> _Json:
    return {"type": "string", "description": description}


def _integer(description: str, minimum: int) -> _Json:
    return {"type": "integer", "description": description, "minimum": minimum}


def _one_of(description: str, *values: str) -> _Json:
    return {"type": "string", "description": description, "enum": list(values)}


_LINES: _Json = {
    "type": "array",
    "description": "For `view`: the first and the last line to show, counted from 1; -1 as the last"
    " line is the end of the file. All lines if left out.",
    "items": {"type": "integer"},
    "minItems": 2,
    "maxItems": 2,
}
_OLD = _string("For `str_replace`: the text to replace. It must occur in the file exactly once.")
_FILE_TEXT = _string("For `create`: the whole text of the file.")
_INSERT_LINE = _integer(
    "For `insert`: the number of the line after which the text goes; 0 is the file's beginning.", 0
)

_BASH = (
    "Runs a command in a bash shell that stays open between calls, so that variables and the"
    " working directory are kept. Give either `command` or `restart`."
)
_BASH_INPUT = _Input(
    {
        "command": _string("The command to run."),
        "restart": {"type": "boolean", "description": "True starts a new shell instead."},
    },
    (_Form(("command",)), _Form(("restart",))),
)

_EDITOR = (
    "Views, creates and edits text files. `view` shows a file with line numbers, or lists a"
    " directory; `create` writes a new file; `str_replace` replaces one text by another; `insert`"
    " puts text after a line."
)
_UNDO = " `undo_edit` takes back the last edit of a file."


def _shortened(max_characters: int | None) -> str:
    if max_characters is None:
        return ""
    return f" Of a file longer than {max_characters} characters `view` shows only a part."


def _editor_input(inserted: str, *more_commands: str) -> _Input:
    """The editor's input.

    Arguments:
        inserted: the name of the text that `insert` puts in; the first version shared another's.
        more_commands: what this version can do besides.
    """
    new = "For `str_replace`: the text to put in its place; left out, the text is deleted."
    texts = {"new_str": _string(new)}
    if inserted == "new_str":
        texts["new_str"] = _string(f"{new} For `insert`: the text to put in.")
    else:
        texts[inserted] = _string("For `insert`: the text to put in.")
    commands = ("view", "create", "str_replace", "insert", *more_commands)
    properties = {
        "command": _one_of("What to do.", *commands),
        "path": _string("The absolute path of the file or directory."),
        "view_range": _LINES,
        "file_text": _FILE_TEXT,
        "old_str": _OLD,
        "insert_line": _INSERT_LINE,
        **texts,
    }
    needs = {
        "view": ("path",),
        "create": ("path", "file_text"),
        "str_replace": ("path", "old_str"),
        "insert": ("path", "insert_line", inserted),
        **dict.fromkeys(more_commands, ("path",)),
    }
    forms = _forms("command", needs, view=("view_range",), str_replace=("new_str",))
    return _Input(properties, forms)


_MEMORY = (
    "Keeps notes in files below /memories that stay when this conversation ends. Look there before"
    " a task, and write down what will be needed later. `view` shows a file or lists a directory;"
    " `create` writes a file; `str_replace` and `insert` edit it; `delete` removes a file or"
    " directory; `rename` moves it. All commands but `rename` need `path`."
)
_MEMORY_INPUT = _Input(
    {
        "command": _one_of(
            "What to do.", "view", "create", "str_replace", "insert", "delete", "rename"
        ),
        "path": _string("The path of the file or directory, below /memories."),
        "view_range": _LINES,
        "file_text": _FILE_TEXT,
        "old_str": _OLD,
        "new_str": _string("For `str_replace`: the text to put in its place."),
        "insert_line": _INSERT_LINE,
        "insert_text": _string("For `insert`: the text to put in."),
        "old_path": _string("For `rename`: the path before."),
        "new_path": _string("For `rename`: the path afterwards."),
    },
    _forms(
        "command",
        {
            "view": ("path",),
            "delete": ("path",),
            "create": ("path", "file_text"),
            "str_replace": ("path", "old_str", "new_str"),
            "insert": ("path", "insert_line", "insert_text"),
            "rename": ("old_path", "new_path"),
        },
        view=("view_range",),
    ),
)

_POINT: _Json = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
_COMPUTER_INPUT = _Input(
    {
        "action": _one_of(
            "What to do. `key` presses a key or a combination; `hold_key` holds it; `type` types"
            " text; `mouse_move` moves the pointer; the clicks, `left_mouse_down` and"
            " `left_mouse_up` use the mouse's buttons; `left_click_drag` drags from one point to"
            " another; `scroll` turns the wheel; `wait` does nothing for a time; `screenshot` shows"
            " the screen; `cursor_position` tells where the pointer is.",
            "key",
            "hold_key",
            "type",
            "cursor_position",
            "mouse_move",
            "left_mouse_down",
            "left_mouse_up",
            "left_click",
            "left_click_drag",
            "right_click",
            "middle_click",
            "double_click",
            "triple_click",
            "scroll",
            "wait",
            "screenshot",
        ),
        "coordinate": _POINT
        | {"description": "Where: pixels from the left and from the top. For a drag, its end."},
        "duration": {
            "type": "number",
            "description": "For `hold_key` and `wait`: how many seconds.",
            "minimum": 0,
            "maximum": 100,
        },
        "scroll_amount": _integer("For `scroll`: how many clicks of the wheel.", 0),
        "scroll_direction": _one_of("For `scroll`: which way.", "up", "down", "left", "right"),
        "start_coordinate": _POINT | {"description": "For `left_click_drag`: where it begins."},
        "text": _string(
            "For `type`: the text. For `key` and `hold_key`: the key, such as `Return`, or a"
            " combination, such as `ctrl+s`. For clicks and `scroll`: keys to hold meanwhile."
        ),
    },
    _forms(
        "action",
        {
            "screenshot cursor_position left_mouse_down left_mouse_up": (),
            "left_click right_click middle_click double_click triple_click": (),
            "key type": ("text",),
            "hold_key": ("text", "duration"),
            "mouse_move": ("coordinate",),
            "left_click_drag": ("start_coordinate", "coordinate"),
            "scroll": ("coordinate", "scroll_direction", "scroll_amount"),
            "wait": ("duration",),
        },
        left_click=("coordinate", "text"),
        left_click_drag=("text",),
        scroll=("text",),
    ),
)


def _screen(tool: ComputerTool) -> str:
    display = "" if tool.display_number is None else f" (display {tool.display_number})"
    return (
        "Uses a computer with a graphical desktop by its mouse and keyboard, and looks at its"
        f" screen{display}, which is {tool.display_width_px} pixels wide and"
        f" {tool.display_height_px} high. Take a screenshot to see what an action did, and click in"
        " the middle of what you mean."
    )
