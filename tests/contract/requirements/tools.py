"""What tools promise."""

from tests.contract.manifest import Requirement

__all__ = ["REQUIREMENTS"]

API = "API reference: tool use"
SDK = "official Python SDK 2.12 types"
CODE = "observed: Claude Code 2.1"
OWN = "own decision"

REQUIREMENTS = (
    Requirement(
        "tools.changes",
        "Tools are added and removed in the middle of a conversation.",
        "official Python SDK 2.12 types",
    ),
    Requirement(
        "families.turns",
        "Every family's replies arrive as blocks and come back as the tokens they were.",
        OWN,
    ),
    Requirement("tools.custom", "A tool is told in one form, whatever order its keys have.", OWN),
    Requirement("tools.typed", "The API's own client tools come with a schema of ours.", SDK),
    Requirement("tools.strict", "A strict schema is enforced wholly, or refused by path.", API),
    Requirement("tools.calls", "A call that arrives parses and satisfies its schema.", OWN),
    Requirement("tools.parallel", "Several calls of a reply arrive in order, with ids.", API),
    Requirement("tools.choice", "any and tool force a call; auto leaves it to the model.", API),
    Requirement(
        "tools.choice.none", "none makes calls impossible and leaves the prompt as it is.", OWN
    ),
    Requirement("tools.choice.parallel", "disable_parallel_tool_use allows one call.", API),
    Requirement("tools.cut", "A call that max_tokens cut never arrives as if whole.", API),
    Requirement(
        "tools.eager", "Arguments are sent as they come where a tool or the beta asks for it.", SDK
    ),
    Requirement(
        "tools.retry",
        "An invalid call is made again, twice at most, and else an error that holds nothing of it.",
        OWN,
    ),
    Requirement("tools.history", "Calls and results stay in order and know each other.", API),
    Requirement(
        "tools.results", "Results hold texts, images, documents, search results or nothing.", SDK
    ),
    Requirement(
        "tools.deferred",
        "A deferred tool is told where a result first names it, which changes nothing before it.",
        CODE,
    ),
)
