"""Runs under the 0.x SDK in a process of its own and prints what it saw as JSON.

Usage: python old_client.py everything|cache|tools|files BASE_URL MODEL
"""

import json
import sys

import anthropic

__all__: list[str] = []


def everything(client: anthropic.Anthropic, model: str) -> dict[str, object]:
    """Create, stream, count and fail once each."""
    messages: list[anthropic.types.MessageParam] = [
        {"role": "user", "content": "Name the capital of France."}
    ]
    created = client.messages.create(model=model, max_tokens=8, temperature=0, messages=messages)
    with client.messages.stream(
        model=model, max_tokens=8, temperature=0, messages=messages
    ) as stream:
        streamed = "".join(stream.text_stream)
    counted = client.messages.count_tokens(model=model, messages=messages)
    try:
        client.messages.create(model="no-such-model", max_tokens=1, messages=messages)
        error = ""
    except anthropic.NotFoundError as raised:
        error = raised.message
    block = created.content[0]
    return {
        "version": anthropic.__version__,
        "created": block.text if block.type == "text" else "",
        "streamed": streamed,
        "input_tokens": created.usage.input_tokens,
        "counted": counted.input_tokens,
        "error": error,
    }


def cache(client: anthropic.Anthropic, model: str) -> dict[str, object]:
    """Fill the cache, then read from it, whole and streamed."""
    system: list[anthropic.types.TextBlockParam] = [
        {"type": "text", "text": "Be kind. " * 20, "cache_control": {"type": "ephemeral"}}
    ]
    messages: list[anthropic.types.MessageParam] = [{"role": "user", "content": "Say hello."}]
    request = {"model": model, "system": system, "messages": messages}
    warmed = client.messages.create(max_tokens=0, **request)
    created = client.messages.create(max_tokens=8, **request)
    with client.messages.stream(max_tokens=8, **request) as stream:
        streamed = stream.get_final_message()
    return {
        "warmed": {"stop_reason": warmed.stop_reason, "content": warmed.content},
        "usage": [reply.usage.model_dump() for reply in (warmed, created, streamed)],
    }


def tools(client: anthropic.Anthropic, model: str) -> dict[str, object]:
    """Go through a tool loop; its first reply is streamed."""
    asked: anthropic.types.MessageParam = {"role": "user", "content": "Add 2 and 3."}
    number = {"type": "integer"}
    schema = {"type": "object", "properties": {"a": number, "b": number}, "required": ["a", "b"]}
    tool: anthropic.types.ToolParam = {"name": "add", "input_schema": schema}
    with client.messages.stream(
        model=model, max_tokens=200, tools=[tool], messages=[asked]
    ) as stream:
        called = stream.get_final_message()
    results: list[anthropic.types.ToolResultBlockParam] = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "5"}
        for block in called.content
        if block.type == "tool_use"
    ]
    answer = client.messages.create(
        model=model,
        max_tokens=200,
        tools=[tool],
        messages=[
            asked,
            {"role": "assistant", "content": called.content},
            {"role": "user", "content": results},
        ],
    )
    return {
        "stop_reasons": [called.stop_reason, answer.stop_reason],
        "inputs": [block.input for block in called.content if block.type == "tool_use"],
        "answer": "".join(block.text for block in answer.content if block.type == "text"),
    }


def files(client: anthropic.Anthropic, model: str) -> dict[str, object]:
    """Upload, list in pages, download and delete files; ``model`` is not asked for."""
    resource = client.beta.files
    kept = [resource.upload(file=(f"{n}.txt", b"file %d" % n, "text/plain")) for n in range(5)]
    listed = [file.id for file in resource.list(limit=2)]
    before = resource.list(limit=2, before_id=listed[3])
    content = resource.download(kept[0].id).read().decode()
    about = resource.retrieve_metadata(kept[0].id)
    deleted = [resource.delete(file.id).type for file in resource.list(limit=2)]
    return {
        "uploaded": [file.id for file in kept],
        "listed": listed,
        "before": [[file.id for file in before.data], before.has_more, before.first_id],
        "content": content,
        "about": [about.filename, about.mime_type, about.size_bytes, about.downloadable],
        "deleted": deleted,
        "left": len(resource.list().data),
    }


if __name__ == "__main__":
    what, base_url, model = sys.argv[1:]
    client = anthropic.Anthropic(base_url=base_url, api_key="any-key-will-do", max_retries=0)
    programs = {"everything": everything, "cache": cache, "tools": tools, "files": files}
    seen = programs[what](client, model)
    sys.stdout.write(json.dumps(seen))
