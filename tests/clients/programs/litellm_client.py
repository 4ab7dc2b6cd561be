"""LiteLLM as a client: whole, streamed, with a tool, and what it makes of an error."""

import json
import sys

import litellm

base_url, model = sys.argv[1:]
litellm.telemetry = False
common = {"model": f"anthropic/{model}", "api_base": base_url, "api_key": "none", "num_retries": 0}
asked = [{"role": "user", "content": "hello"}]
tool = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}
whole = litellm.completion(messages=asked, max_tokens=64, **common)
parts = litellm.completion(messages=asked, max_tokens=64, stream=True, **common)
streamed = "".join(part.choices[0].delta.content or "" for part in parts)
called = litellm.completion(
    messages=asked, max_tokens=64, tools=[tool], tool_choice="required", **common
).choices[0]
call = called.message.tool_calls[0]
result = {"role": "tool", "tool_call_id": call.id, "content": "5"}
answered = litellm.completion(
    messages=[*asked, called.message.model_dump(), result], max_tokens=64, tools=[tool], **common
)
try:
    litellm.completion(messages=asked, max_tokens=64, **common | {"model": "anthropic/no-such"})
    error = ""
except litellm.NotFoundError as raised:
    error = str(raised)
print(
    json.dumps(
        {
            "whole": whole.choices[0].message.content,
            "prompt_tokens": whole.usage.prompt_tokens,
            "streamed": streamed,
            "finish": called.finish_reason,
            "call": [call.function.name, json.loads(call.function.arguments)],
            "answered": answered.choices[0].message.content,
            "error": error,
        }
    )
)
