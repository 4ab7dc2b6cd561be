"""What the documentation promises of itself."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

REQUIREMENTS = (
    Requirement(
        "docs.examples", "Every fenced example in the docs runs as written.", "own decision"
    ),
)
