"""What real clients can count on."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

SEEN = "observed: unmodified clients from their registries"

REQUIREMENTS = (
    Requirement("clients.sdks", "The official SDKs work unmodified.", SEEN),
    Requirement("clients.frameworks", "Frameworks built on the API work unmodified.", SEEN),
    Requirement("clients.agents", "Agents work unmodified, with tools really executed.", SEEN),
    Requirement("clients.cache", "An agent's growing prompts are computed once.", SEEN),
    Requirement("clients.documented", "docs/clients.md lists what was tried, and when.", SEEN),
)
