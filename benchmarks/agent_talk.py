"""What a coding agent sends in a session, made from a seed: bodies of requests, and nothing else.

Structure and sizes are those that Claude Code 2.1 was seen to send; every word is made up. A line
of accounting that changes with each request comes first, then a long system text and tools, about
50 kB in all. The conversation grows by a call and its result a turn; the mark of what to cache
moves with it; texts of the system come late and among the messages, as a list of blocks when they
are new and as a string later. Two sub-agents work beside it, with a system text and tools of their
own. Replies are made up too, so that every server gets the same traffic.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.prompts import Body, words
from benchmarks.servers import MODEL

__all__ = ["Ask", "Talk"]

_CACHED = {"cache_control": {"type": "ephemeral"}}
_ACCOUNTING = "x-anthropic-billing-header"
_SYSTEM_WORDS = 3600  # about 20 kB
_TOOL_WORDS = 330  # a description
_TOOLS, _AGENT_TOOLS = 12, 8
_RESULT_WORDS = (40, 700)
_REMINDER_EVERY = 4  # turns
_AGENT_TURNS = (6, 12)  # in which a sub-agent works beside
_AGENT_STEPS = 3


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Arguments:
        turn: of the session, from 1.
        speaker: whose conversation it goes on: ``main``, or a sub-agent's name.
        body: what is sent.
    """

    turn: int
    speaker: str
    body: Body


class Talk:
    """A session.

    Arguments:
        seed: of every text.
        turns: of the main conversation.
        max_tokens: of each reply; what comes is not used.
    """

    def __init__(self, *, seed: int = 1, turns: int = 20, max_tokens: int = 8) -> None:
        self._random = random.Random(seed)
        self._turns = turns
        self._max_tokens = max_tokens
        self._num_sent = 0

    def rounds(self) -> Iterator[list[Ask]]:
        """The requests; those of one list are sent at once, when the list before is answered."""
        main = self._conversation("main", _TOOLS, _SYSTEM_WORDS)
        for turn in range(1, self._turns + 1):
            agents: list[_Conversation] = []
            if turn in _AGENT_TURNS:
                name = f"agent {_AGENT_TURNS.index(turn) + 1}"
                agents = [self._conversation(name, _AGENT_TOOLS, _SYSTEM_WORDS // 2)]
            yield [self._ask(turn, each) for each in (main, *agents)]
            for agent in agents:
                for _ in range(1, _AGENT_STEPS):
                    agent.go_on(self._random, reminds=False)
                    yield [self._ask(turn, agent)]
            main.go_on(self._random, reminds=turn % _REMINDER_EVERY == 0)

    def _conversation(self, name: str, num_tools: int, system: int) -> "_Conversation":
        tools = [self._tool(index) for index in range(num_tools)]
        role = f"You are {name}, an agent that works in a folder.\n{words(self._random, system)}."
        return _Conversation(name, role, tools, f"Do this: {words(self._random, 40)}.")

    def _tool(self, index: int) -> dict[str, Any]:
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": words(self._random, 12)},
                "limit": {"type": "integer", "description": words(self._random, 12)},
            },
            "required": ["path"],
            "additionalProperties": False,
        }
        description = f"{words(self._random, _TOOL_WORDS)}."
        return {"name": f"Tool{index}", "description": description, "input_schema": schema}

    def _ask(self, turn: int, conversation: "_Conversation") -> Ask:
        self._num_sent += 1
        changing = f"{self._random.randrange(16**5):05x}"
        header = f"{_ACCOUNTING}: cc_version=2.1.330.b2c; cc_entrypoint=cli; cch={changing};"
        body = {
            "model": MODEL,
            "max_tokens": self._max_tokens,
            "system": [
                {"type": "text", "text": header},
                {"type": "text", "text": "You are an agent.", **_CACHED},
                {"type": "text", "text": conversation.role, **_CACHED},
            ],
            "tools": conversation.tools,
            "messages": conversation.sent(),
            "metadata": {"user_id": f'{{"session_id": "{self._num_sent}"}}'},
        }
        return Ask(turn, conversation.name, body)


class _Conversation:
    """One agent's messages, as they grow."""

    def __init__(self, name: str, role: str, tools: list[dict[str, Any]], task: str) -> None:
        self.name = name
        self.role = role
        self.tools = tools
        reminder = {"role": "system", "content": f"The task begins. {task}"}
        self._messages: list[dict[str, Any]] = [_says("user", _text(task)), reminder]
        self._num_calls = 0

    def sent(self) -> list[dict[str, Any]]:
        """The messages with the mark on the last block; a last system text is a list of blocks."""
        *earlier, last = self._messages
        content = last["content"]
        blocks = [_text(content)] if isinstance(content, str) else content
        marked = [*blocks[:-1], {**blocks[-1], **_CACHED}]
        return [*earlier, {**last, "content": marked}]

    def go_on(self, source: random.Random, *, reminds: bool) -> None:
        """A reply with a call, its result, and sometimes a text of the system."""
        self._num_calls += 1
        call_id = f"toolu_{self.name.replace(' ', '')}{self._num_calls:04d}"
        arguments = {"path": f"/work/{words(source, 2).replace(' ', '/')}", "limit": 100}
        used = {"type": "tool_use", "id": call_id, "name": "Tool1", "input": arguments}
        result = {
            "type": "tool_result",
            "tool_use_id": call_id,
            "content": words(source, source.randint(*_RESULT_WORDS)),
        }
        self._messages += [
            _says("assistant", _text(words(source, 12)), used),
            _says("user", result),
        ]
        if reminds:
            left = f"{200_000 - 1000 * self._num_calls} tokens are left."
            self._messages.append({"role": "system", "content": left})


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _says(role: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "content": list(blocks)}
