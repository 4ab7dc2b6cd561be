"""JSON bytes to a wire model, and what is wrong with them in the API's words.

Error messages have the path and a sentence (``messages.0.content.0.text.text: Field required``);
they never hold a value from the request, except a short name of a type.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json

from senryu.wire.base import WireModel

__all__ = ["MalformedError", "Parsed", "parse", "parse_query"]

_M = TypeVar("_M", bound=WireModel)
_MAX_PATH = 200  # names of unknown fields are in paths, and may be anything
_SHORT_NAME = re.compile(r"[a-z0-9_]{1,64}")


class MalformedError(ValueError):
    """The bytes are not JSON, or not of the model's shape. Its text is meant for the client."""


@dataclass(frozen=True, slots=True)
class Parsed(Generic[_M]):
    """A model, and where fields were dropped because nothing here knows them."""

    value: _M
    dropped: tuple[str, ...] = ()


def parse(body: bytes, model: type[_M], *, drop_unknown: bool) -> Parsed[_M]:
    """Read a request body.

    Arguments:
        body: JSON in UTF-8; nesting deeper than 200, NaN, numbers of thousands of digits, broken
            UTF-8 and lone surrogates are errors (pydantic-core's parser refuses them).
        model: what the body must be.
        drop_unknown: whether unknown fields are dropped and counted; otherwise they are errors.

    Raises:
        MalformedError: it is not; the message is for the client.
    """
    try:
        data = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedError(f"The request body is not valid JSON: {error}") from None
    try:
        return Parsed(model.model_validate(data, extra="forbid"))
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=True, include_input=False)
    unknown = tuple(_path(each) for each in problems if each["type"] == "extra_forbidden")
    if not drop_unknown or len(unknown) < len(problems):
        raise MalformedError(_describe(problems, drop_unknown=drop_unknown))
    return Parsed(model.model_validate(data, extra="ignore"), unknown)


def parse_query(query: Mapping[str, str], model: type[_M]) -> _M:
    """Read the parameters of a URL; unknown ones are ignored, as on the API.

    Raises:
        MalformedError: a value is wrong; the message is for the client.
    """
    try:
        return model.model_validate_strings(dict(query), strict=False, extra="ignore")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=True, include_input=False)
        raise MalformedError(_describe(problems, drop_unknown=True)) from None


def _describe(problems: list[ErrorDetails], *, drop_unknown: bool) -> str:
    """The first problem, and how many more there are. Droppable ones are not problems."""
    if drop_unknown:
        problems = [problem for problem in problems if problem["type"] != "extra_forbidden"]
    first = _sentence(problems[0])
    more = len(problems) - 1
    return f"{first} (and {more} more)" if more else first


def _path(problem: ErrorDetails) -> str:
    return ".".join(str(part) for part in problem["loc"])[:_MAX_PATH]


def _sentence(problem: ErrorDetails) -> str:
    path = _path(problem)
    context: dict[str, Any] = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return f"{path}: Field required"
        case "union_tag_not_found":
            return f"{path}.type: Field required"
        case "union_tag_invalid":
            tag = context["tag"]
            seen = f"Input tag '{tag}'" if _SHORT_NAME.fullmatch(tag) else "Input tag"
            expected = context["expected_tags"]
            return f"{path}: {seen} found using 'type' does not match any of: {expected}"
        case "model_type" | "model_attributes_type":
            return f"{path}: Input should be an object" if path else "The body must be an object"
        case _:
            return f"{path or 'body'}: {problem['msg']}"
