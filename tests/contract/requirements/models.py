"""What ``/v1/models`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: Models"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("models.pages", "Pages go both ways, with limits from 1 to 1000.", API),
    Requirement("models.list", "Limits and capabilities are those of what runs.", OWN),
    Requirement("models.aliases", "Aliases, also with *, name a served model.", OWN),
)
