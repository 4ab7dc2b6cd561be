"""Runs under the 0.x SDK in a process of its own and prints what it saw as JSON."""

import json
import sys

import anthropic

__all__: list[str] = []


def main(base_url: str, model: str) -> None:
    """Create, stream, count and fail once each."""
    client = anthropic.Anthropic(base_url=base_url, api_key="any-key-will-do", max_retries=0)
    messages: list[anthropic.types.MessageParam] = [{"role": "user", "content": "Say hello."}]
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
    seen = {
        "version": anthropic.__version__,
        "created": block.text if block.type == "text" else "",
        "streamed": streamed,
        "input_tokens": created.usage.input_tokens,
        "counted": counted.input_tokens,
        "error": error,
    }
    sys.stdout.write(json.dumps(seen))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
