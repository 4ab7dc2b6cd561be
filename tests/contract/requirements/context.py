"""What ``context_management`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API: context editing"
SDK = "official Python SDK 2.12 types"

REQUIREMENTS = (
    Requirement(
        "context.results",
        "Old results give way to a placeholder where the trigger says so, and the reply tells it.",
        API,
    ),
    Requirement("context.thinking", "Reasoning of earlier turns is kept as the edit says.", API),
    Requirement("context.count", "A token count tells the sizes before and after.", SDK),
    Requirement("context.rules", "Edits are made once each, reasoning first.", API),
)
