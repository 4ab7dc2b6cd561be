"""An engine that acts: what it replies depends on what the prompt says, as a model's would."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from typing import Any

from senryu.core import Chunk, Job
from senryu.engine.scripted import SCRIPTED_INFO, ScriptedEngine

__all__ = ["Act", "Actor", "call", "num_results"]

Act = Callable[[str], str | ScriptedEngine]
"""From a prompt's text, markers spelled, to the reply's, or to an engine with a script of its own.
It may raise what an engine raises."""


_THINKING = "<think>\n"
_THOUGHT = "Let me see.\n</think>\n\n"


class Actor(ScriptedEngine):
    """Replies as its script tells from the prompt; where it is to think, it does so first.

    Arguments:
        act: the script.
        window: tokens that it takes; they are bytes here.

    Attributes:
        prompts: all that it was asked, in order.
    """

    def __init__(self, act: Act, *, window: int = 1_000_000) -> None:
        info = replace(SCRIPTED_INFO, window=window, training_context=window)
        super().__init__(info=info)
        self._act = act
        self._names = dict(enumerate(info.special_tokens, 256))
        self.prompts: list[str] = []

    async def generate(self, job: Job) -> AsyncGenerator[Chunk]:
        """Admit a job and act."""
        prompt = b"".join(
            self._names[token].encode() if token in self._names else bytes([token])
            for token in job.tokens
        ).decode()
        self.prompts.append(prompt)
        said = self._act(prompt)
        if isinstance(said, ScriptedEngine):
            return await said.generate(job)
        text = f"{_THOUGHT}{said}" if prompt.endswith(_THINKING) else said
        self._script = [Chunk(tuple(text.encode()), text)]
        return await super().generate(job)


def call(name: str, arguments: Mapping[str, Any]) -> str:
    """A call as this model spells it."""
    said = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>\n{said}\n</tool_call>"


def num_results(prompt: str) -> int:
    """How many results of tools a prompt has."""
    return prompt.count("<tool_response>\n")
