"""What failures look like."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: errors"
OWN = "own decision"

REQUIREMENTS = (
    Requirement("errors.statuses", "Each error has its status and type, in the envelope.", API),
    Requirement("errors.path_style", "A 400 names the field by its path.", API),
    Requirement("errors.malformed_json", "Bytes that are not JSON are a 400.", API),
    Requirement("errors.no_content", "Messages repeat nothing of the conversation.", OWN),
    Requirement("errors.unknown_model", "An unknown model is a 404: `model: NAME`.", API),
    Requirement(
        "errors.not_found_and_method", "Unknown routes and methods are envelopes too.", OWN
    ),
    Requirement("errors.too_large", "A body beyond the limit is a 413, and is not read on.", API),
    Requirement(
        "errors.prompt-too-long",
        "A prompt beyond the window is a 400 in the words that agents parse.",
        "observed: Claude Code 2.1",
    ),
    Requirement("headers.request-id", "Every response has a request id.", API),
    Requirement("errors.retry_after", "An overload says when to come back.", API),
    Requirement("errors.mistakes_hidden", "An unexpected failure tells and logs no content.", OWN),
    Requirement("errors.never_5xx", "No body makes the server fail.", OWN),
)
