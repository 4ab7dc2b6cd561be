"""An evaluation with Inspect AI's own provider for the API, thinking with a given budget."""

import json
import sys
import tempfile

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import tool


@tool
def lookup():
    """Looks something up."""

    async def execute(word: str) -> str:
        """Looks a word up.

        Args:
            word: The word.
        """
        return f"{word} means moon"

    return execute


model_name, budget, max_tokens = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
config = GenerateConfig(
    max_tokens=max_tokens, reasoning_tokens=budget or None, max_retries=0, max_connections=2
)
model = get_model(f"anthropic/{model_name}", config=config)
task = Task(
    dataset=[Sample(input="What does luna mean?", target="moon")],
    solver=[use_tools(lookup()), generate()],
    scorer=includes(),
)
with tempfile.TemporaryDirectory() as folder:
    (log,) = evaluate(task, model=model, log_dir=folder, display="none")
    sample = log.samples[0] if log.samples else None
    print(
        json.dumps(
            {
                "status": log.status,
                "error": str(log.error.message) if log.error else "",
                "score": log.results.scores[0].metrics["accuracy"].value if log.results else None,
                "roles": [m.role for m in sample.messages] if sample else [],
                "usage": {k: v.model_dump() for k, v in (log.stats.model_usage or {}).items()},
            }
        )
    )
