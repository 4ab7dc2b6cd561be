"""Rules of JSON schemas: of tools' inputs and of the answer's form."""

from typing import Any

from senryu.messages.caller import Caller
from senryu.messages.schemas import Reading, SchemaError, open_object, read_schema, violations
from senryu.messages.typed_tools import tool_schema
from senryu.messages.walk import offered_tools
from senryu.wire.requests import CountTokensRequest
from senryu.wire.tools import ClientTool, CustomTool, UnbuiltTool

__all__ = ["answer_schema_is_enforceable", "examples_are_valid", "tool_schemas_are_usable"]

_MAX_WORK = 100_000  # schemas to look at in one request: about a second
_MAX_EXAMPLES = 1_000  # in one request
_CLOSED = "For 'object' type, 'additionalProperties' must be explicitly set to false"
_COMBINED = ("oneOf", "allOf", "anyOf")


def tool_schemas_are_usable(request: CountTokensRequest, caller: Caller) -> str | None:
    """Every tool takes an object, its schema is valid, and a strict tool's can be enforced.

    A catalogue of deferred tools may be long: a schema is looked at when its tool is offered.
    """
    work = 0
    offered = {tool.name for tool in offered_tools(request)}
    for index, tool in enumerate(request.tools or ()):
        if not isinstance(tool, CustomTool):
            continue
        path, schema = f"tools.{index}.custom.input_schema", tool.input_schema
        if (problem := _takes_no_object(tool, caller)) is not None:
            return f"{path}{problem}"
        if tool.name not in offered:
            continue
        try:
            reading = read_schema(schema)
        except SchemaError as error:
            return _problem(path, error)
        work += reading.work
        if work > _MAX_WORK:
            return "tools: their schemas are too complex together"
        if tool.strict and (problem := _gap(path, reading, schema=schema, caller=caller)):
            return problem
    return None


def examples_are_valid(request: CountTokensRequest, caller: Caller) -> str | None:
    """Examples of a tool's input satisfy its schema."""
    offered = {tool.name for tool in offered_tools(request)}
    left = _MAX_EXAMPLES
    for index, tool in enumerate(request.tools or ()):
        if isinstance(tool, UnbuiltTool) or not tool.input_examples or tool.name not in offered:
            continue
        left -= len(tool.input_examples)
        if left < 0:
            return f"tools: more than {_MAX_EXAMPLES} input_examples"
        _, schema, _ = tool_schema(tool)
        for number, example in enumerate(tool.input_examples):
            if (problem := violations(schema, example)) is not None:
                return f"tools.{index}.{_tag(tool)}.input_examples.{number}: {problem}"
    return None


def answer_schema_is_enforceable(request: CountTokensRequest, caller: Caller) -> str | None:
    """The answer's form is a valid schema, and all of it can be enforced."""
    schema = request.output_schema
    if schema is None:
        return None
    is_newer = request.output_config is not None and request.output_config.format is not None
    path = "output_config.format.schema" if is_newer else "output_format.schema"
    try:
        return _gap(path, read_schema(schema), schema=schema, caller=caller)
    except SchemaError as error:
        return _problem(path, error)


def _takes_no_object(tool: CustomTool, caller: Caller) -> str | None:
    kind = tool.input_schema.get("type")
    if kind != "object":
        return ".type: Field required" if kind is None else ".type: Input should be 'object'"
    if caller.strict and any(keyword in tool.input_schema for keyword in _COMBINED):
        return ": input_schema does not support oneOf, allOf, or anyOf at the top level"
    return None


def _gap(path: str, reading: Reading, *, schema: dict[str, Any], caller: Caller) -> str | None:
    """What of a schema cannot be enforced, in the client's words."""
    if caller.strict and (place := open_object(schema)) is not None:
        return f"{_join(path, place)}: {_CLOSED}"
    if not reading.gaps:
        return None
    if not reading.gaps[0]:
        return f"{path}: is too complex to be enforced"
    return (
        f"{_join(path, reading.gaps[0])}: cannot be enforced while the model writes; leave it out"
    )


def _problem(path: str, error: SchemaError) -> str:
    return f"{_join(path, error.path)}: {error.reason}"


def _join(path: str, place: str) -> str:
    return f"{path}.{place}" if place else path


def _tag(tool: ClientTool) -> str:
    return "custom" if isinstance(tool, CustomTool) else tool.type
