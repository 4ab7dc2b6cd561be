"""The manifest and the tests agree: no promise without a test, no test for an unknown promise."""

import ast
from pathlib import Path

from tests.contract.manifest import load_manifest

TESTS = Path(__file__).resolve().parent.parent


def named_by_tests() -> dict[str, list[str]]:
    """Requirement id -> the tests that name it, read from the decorators in the source."""
    named: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            for identifier in decorator_ids(node):
                place = f"{path.relative_to(TESTS)}::{node.name}"
                named.setdefault(identifier, []).append(place)
    return named


def decorator_ids(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[str]:
    """The ids in a test's ``@requirement(...)`` decorators."""
    return [
        argument.value
        for call in node.decorator_list
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "requirement"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def test_every_requirement_that_claims_a_test_has_one() -> None:
    named = named_by_tests()
    claimed = {entry.id for entry in load_manifest().values() if entry.state != "deferred"}
    assert not claimed - named.keys()


def test_every_named_requirement_is_in_the_manifest() -> None:
    unknown = {
        name: tests for name, tests in named_by_tests().items() if name not in load_manifest()
    }
    assert not unknown


def test_deferred_requirements_have_no_test_and_all_gaps_have_a_reason() -> None:
    named = named_by_tests()
    for entry in load_manifest().values():
        assert entry.id not in named or entry.state != "deferred", entry.id
        assert bool(entry.reason) == (entry.state != "tested"), entry.id
