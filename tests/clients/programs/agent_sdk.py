"""The Claude Agent SDK: two turns of one conversation, with a tool of this program's own."""

import asyncio
import json
import sys
from typing import Any

from claude_agent_sdk import (
    AssistantMessage,
    ClaudeAgentOptions,
    ClaudeSDKClient,
    ResultMessage,
    ToolUseBlock,
    create_sdk_mcp_server,
    tool,
)

(folder,) = sys.argv[1:]
called: list[dict[str, Any]] = []


@tool("weigh", "Weighs something.", {"what": str})
async def weigh(arguments: dict[str, Any]) -> dict[str, Any]:
    """The tool."""
    called.append(arguments)
    return {"content": [{"type": "text", "text": "It weighs 12 kg."}]}


async def main() -> None:
    """Ask twice."""
    options = ClaudeAgentOptions(
        cwd=folder,
        mcp_servers={"scales": create_sdk_mcp_server("scales", tools=[weigh])},
        allowed_tools=["mcp__scales__weigh"],
        permission_mode="acceptEdits",
        max_turns=6,
    )
    tools: list[str] = []
    results: list[dict[str, Any]] = []
    async with ClaudeSDKClient(options) as client:
        for question in ("Weigh the cat.", "Thank you."):
            await client.query(question)
            async for message in client.receive_response():
                if isinstance(message, AssistantMessage):
                    tools += [b.name for b in message.content if isinstance(b, ToolUseBlock)]
                if isinstance(message, ResultMessage):
                    results.append(
                        {
                            "text": message.result,
                            "is_error": message.is_error,
                            "turns": message.num_turns,
                            "usage": message.usage,
                        }
                    )
    print(json.dumps({"called": called, "tools": tools, "results": results}))


asyncio.run(main())
