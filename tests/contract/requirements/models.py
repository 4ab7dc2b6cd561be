"""What ``/v1/models`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: Models"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("models.pages", "Pages go both ways, with limits from 1 to 1000.", API),
    Requirement("models.list", "Limits and capabilities are those of what runs.", OWN),
    Requirement("models.several", "One server serves several models, each by its names.", OWN),
    Requirement("models.alias-wildcard", "A reply carries the alias that was asked for.", OWN),
    Requirement("models.listed-aliases", "Aliases without * are in the list.", OWN),
    Requirement("models.aliases", "Aliases, also with *, name a served model.", OWN),
)
