"""The manifest: every behaviour that Senryu promises, with its source and its state.

A test says which promises it shows with ``@requirement("area.behaviour")``. ``test_manifest.py``
fails for a promise without a test and for a test that names an unknown promise.
"""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import Literal

import pytest

from tests.contract import requirements

__all__ = ["Requirement", "load_manifest", "requirement"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One promised behaviour.

    Arguments:
        id: ``area.behaviour``, unique.
        behaviour: one sentence on what a client sees.
        source: where the promise comes from: an API page, the official SDK, a client that needs
            it, or "own decision".
        state: ``tested``, ``deferred`` (not built yet) or ``divergence`` (the hosted service does
            otherwise, on purpose).
        reason: why it is deferred or diverges; empty for ``tested``.
    """

    id: str
    behaviour: str
    source: str
    state: Literal["tested", "deferred", "divergence"] = "tested"
    reason: str = ""


@cache
def load_manifest() -> dict[str, Requirement]:
    """Every requirement of every area by its id."""
    found: dict[str, Requirement] = {}
    for module in pkgutil.iter_modules(requirements.__path__, f"{requirements.__name__}."):
        for entry in importlib.import_module(module.name).REQUIREMENTS:
            assert entry.id not in found, f"requirement {entry.id} is listed twice"
            found[entry.id] = entry
    return found


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Mark a test as evidence for the named requirements."""
    return pytest.mark.requirement(*ids)
