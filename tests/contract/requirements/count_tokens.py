"""What ``POST /v1/messages/count_tokens`` promises."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

REQUIREMENTS = (
    Requirement(
        "count_tokens.equals-usage",
        "A count equals the input_tokens of the reply to the same request.",
        "API reference: token counting",
    ),
)
