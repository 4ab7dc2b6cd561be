"""What keys and versions promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

SDK = "official SDKs 0.x to 2.x and Foundry clients"
API = "API reference: versioning"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("auth.three_headers", "x-api-key, Bearer and api-key carry a key.", SDK),
    Requirement("auth.refused", "Without a valid key the API answers 401.", "API: errors"),
    Requirement("auth.open", "Without configured keys no key is needed.", OWN),
    Requirement("auth.version.compat", "Any or no version header is accepted.", OWN),
    Requirement("auth.version.strict", "Strict mode wants a known version.", API),
    Requirement(
        "foundry.prefix", "The API is also below /anthropic.", "official SDK: AnthropicFoundry"
    ),
)
