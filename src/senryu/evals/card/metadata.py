"""What is stated of a model that no endpoint tells, each with where it is from."""

from dataclasses import dataclass, fields
from pathlib import Path

import msgspec

__all__ = ["Metadata", "MetadataError", "Statement", "read_metadata"]

_MAX_BYTES = 1_000_000


class MetadataError(Exception):
    """A file that states nothing usable; the message says where it is wrong."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is stated.

    Arguments:
        value: a text, or several.
        source: where that is from, such as the publisher's own card.

    Raises:
        ValueError: either is empty.
    """

    value: str | tuple[str, ...]
    source: str

    def __post_init__(self) -> None:
        if not self.source.strip() or not self.values or not all(map(str.strip, self.values)):
            raise ValueError("a statement needs a value and the source that it is from")

    @property
    def values(self) -> tuple[str, ...]:
        """The texts, also of one."""
        return (self.value,) if isinstance(self.value, str) else self.value


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything that may be stated; None is not stated."""

    provider: Statement | None = None
    training_cutoff: Statement | None = None
    languages: Statement | None = None
    licence: Statement | None = None
    last_updated: Statement | None = None
    architecture: Statement | None = None
    technical_specs: Statement | None = None
    use_cases: Statement | None = None
    out_of_scope: Statement | None = None
    pricing: Statement | None = None
    performance: Statement | None = None
    distribution: Statement | None = None
    data_handling: Statement | None = None
    safety_techniques: Statement | None = None
    limitations: Statement | None = None
    acceptable_use: Statement | None = None
    public_data: Statement | None = None
    related_models: Statement | None = None

    def completed_by(self, other: "Metadata") -> "Metadata":
        """What this states, and what only the other does."""
        names = [each.name for each in fields(self)]
        return Metadata(**{name: getattr(self, name) or getattr(other, name) for name in names})


def read_metadata(path: Path) -> Metadata:
    """What a file of JSON, or of TOML where its name ends so, states.

    Raises:
        MetadataError: it cannot be read, or states something that a card has no place for.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise MetadataError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise MetadataError(f"{path} is larger than {_MAX_BYTES} bytes; state less")
    decode = msgspec.toml.decode if path.suffix == ".toml" else msgspec.json.decode
    try:
        found = decode(content, type=dict[str, Statement])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MetadataError(f"{path}: {error}") from error
    names = [each.name for each in fields(Metadata)]
    unknown = [name for name in found if name not in names]
    if unknown:
        raise MetadataError(
            f"{path}: a card has no place for {unknown[0]!r}; it has: {', '.join(names)}"
        )
    return Metadata(**found)
