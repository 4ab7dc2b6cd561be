"""What the engine promises to clients."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

OWN = "own decision"

REQUIREMENTS = (
    Requirement(
        "engine.stretched",
        "Beyond the training context positions are scaled, and the server says so.",
        OWN,
    ),
    Requirement(
        "engine.worker-killed",
        "A dead worker costs its requests an api_error; later requests succeed.",
        OWN,
    ),
    Requirement(
        "engine.concurrent-identical",
        "A greedy reply is the same among 64 concurrent ones as alone.",
        OWN,
    ),
    Requirement("engine.apart", "A prompt's tokens do not slow down replies beside it.", OWN),
    Requirement(
        "streaming.disconnect-frees", "A client that leaves frees its place in the engine.", OWN
    ),
    Requirement(
        "streaming.slow-reader-harmless", "A client that reads nothing does not slow others.", OWN
    ),
)
