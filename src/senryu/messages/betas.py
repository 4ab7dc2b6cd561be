"""Names of beta features that change an answer here. All others are tolerated."""

__all__ = [
    "ACTED_ON",
    "COMPUTER_USE",
    "CONTEXT_MANAGEMENT",
    "EAGER_TOOLS",
    "INTERLEAVED_THINKING",
    "STRUCTURED_OUTPUTS",
]

COMPUTER_USE = "computer-use-2025-01-24"
CONTEXT_MANAGEMENT = "context-management-2025-06-27"
EAGER_TOOLS = "fine-grained-tool-streaming-2025-05-14"
INTERLEAVED_THINKING = "interleaved-thinking-2025-05-14"
STRUCTURED_OUTPUTS = "structured-outputs-2025-11-13"

ACTED_ON = frozenset(
    {COMPUTER_USE, CONTEXT_MANAGEMENT, EAGER_TOOLS, INTERLEAVED_THINKING, STRUCTURED_OUTPUTS}
)
"""All of them."""
