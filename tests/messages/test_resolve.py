"""Model names and aliases."""

from datetime import UTC, datetime

import pytest

from senryu.engine.scripted import ScriptedEngine
from senryu.errors import NotFoundError, StartupError
from senryu.messages.resolve import Catalog, ServedModel
from tests.contract.manifest import requirement


def served(model_id: str) -> ServedModel:
    """A model of this id."""
    return ServedModel(model_id, model_id, datetime(2026, 1, 1, tzinfo=UTC), ScriptedEngine())


@requirement("models.aliases")
def test_the_longest_alias_that_fits_wins_and_ids_win_over_aliases() -> None:
    catalog = Catalog(
        [served("a"), served("b")], {"claude-*": "a", "claude-haiku*": "b", "exact": "b", "a*": "b"}
    )
    names = ("a", "ab", "claude-opus", "claude-haiku-4-5", "exact")
    assert [catalog.resolve(name).id for name in names] == ["a", "b", "a", "b", "b"]
    assert [name for name, _ in catalog.listed()] == ["a", "b", "exact"]


@requirement("errors.unknown_model")
def test_an_unknown_name_is_told_in_the_apis_words() -> None:
    with pytest.raises(NotFoundError, match="^model: nope$"):
        Catalog([served("a")], {}).resolve("nope")


def test_wrong_configuration_is_refused_at_start() -> None:
    with pytest.raises(StartupError, match="same id"):
        Catalog([served("a"), served("a")], {})
    with pytest.raises(StartupError, match="x -> nope: no such model"):
        Catalog([served("a")], {"x": "nope"})
