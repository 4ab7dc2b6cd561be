"""What operators are promised."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

OWN = "own decision"

REQUIREMENTS = (
    Requirement(
        "health.passed_over", "An unknown field or beta is told in the log, once.", "own decision"
    ),
    Requirement("health.loading", "Until the model is loaded: 503 on /ready, 529 on the API.", OWN),
    Requirement("health.probes", "Agents' probes need no key.", "observed: Claude Code 2.1"),
    Requirement("health.metrics", "Metrics count requests, tokens, times and load.", OWN),
    Requirement("health.log", "Each request is one log line, without content or keys.", OWN),
    Requirement("openapi.document", "The OpenAPI document lists every route.", OWN),
    Requirement("openapi.conformance", "Every answer is one that the document lists.", OWN),
)
