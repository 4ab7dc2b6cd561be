"""Whether citations are true to their sources: 200 generated requests, every location looked up.

Usage: python -m benchmarks.citation_validity [--count 200] [--seed 1]

It measures what the server promises, not a small model's wits: so that it cites at all, each
request shows the model once how it is done. Half of the requests are greedy, half are sampled.
"""

import argparse
import asyncio
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import anthropic

from benchmarks.servers import MODEL, running, senryu_launcher
from senryu.engine.llama.embedded import prepare

__all__ = ["cases", "judge"]

_AT_ONCE = 8
_WHO = ("Anna", "The baker", "My uncle", "The pilot", "A small dog", "The old ship", "Zoë", "健太")
_DOES = ("lives in", "came from", "sings about", "walked to", "dreams of", "sent letters to")
_WHERE = ("Lyon", "the harbour", "Rome", "São Paulo", "a green hill", "the north", "Köln", "東京")
_EXAMPLE = ("Bees fly.", "Cats sleep.")


def _sentences(chance: random.Random) -> list[str]:
    count = chance.randint(2, 6)
    return [
        f"{chance.choice(_WHO)} {chance.choice(_DOES)} {chance.choice(_WHERE)}."
        for _ in range(count)
    ]


def _source(kind: str, sentences: Sequence[str]) -> dict[str, Any]:
    """A citable source of a kind: a text, blocks, or a search result."""
    blocks = [{"type": "text", "text": sentence} for sentence in sentences]
    block: dict[str, Any] = {"type": "document", "title": "Notes", "citations": {"enabled": True}}
    match kind:
        case "text":
            data = {"type": "text", "media_type": "text/plain", "data": " ".join(sentences)}
            return block | {"source": data}
        case "content":
            return block | {"source": {"type": "content", "content": blocks}}
        case _:
            found = {"type": "search_result", "source": "https://example.org", "content": blocks}
            return block | found


def cases(count: int, seed: int = 1) -> Iterator[list[dict[str, Any]]]:
    """The messages of each request; sources in the last one."""
    chance = random.Random(seed)
    copy = {"type": "text", "text": "Copy it."}
    for number in range(count):
        kind = ("text", "content", "search_result")[number % 3]
        shown = [_source(kind, _sentences(chance)) for _ in range(chance.randint(1, 2))]
        marked = " ".join(f"{said}<cite:{n}>" for n, said in enumerate(_EXAMPLE, start=1))
        yield [
            {"role": "user", "content": [_source(kind, _EXAMPLE), copy]},
            {"role": "assistant", "content": marked},
            {"role": "user", "content": [*shown, copy]},
        ]


def _at_its_place(citation: Any, sources: Sequence[dict[str, Any]]) -> str | None:
    """The text where a citation points to; None if there is nothing."""
    kind = "search_result" if citation.type == "search_result_location" else "document"
    known = [source for source in sources if source["type"] == kind]
    index: int = getattr(citation, f"{kind}_index")
    if not 0 <= index < len(known):
        return None
    content: Any = known[index] if kind == "search_result" else known[index]["source"]
    if citation.type == "char_location":
        return content["data"][citation.start_char_index : citation.end_char_index]
    texts: list[str] = [block["text"] for block in content["content"]]
    return "".join(texts[citation.start_block_index : citation.end_block_index])


def judge(messages: Sequence[dict[str, Any]], content: Sequence[Any]) -> Counter[str]:
    """What a reply is worth.

    Arguments:
        messages: what was asked.
        content: the reply's blocks.
    """
    blocks = [block for m in messages if m["role"] == "user" for block in m["content"]]
    sources = [block for block in blocks if block["type"] != "text"]
    told: Counter[str] = Counter(replies=1)
    for block in content:
        told["leaks"] += "<cite" in block.text
        for citation in block.citations or ():
            is_true = bool(citation.cited_text) and citation.cited_text == _at_its_place(
                citation, sources
            )
            told["citations that are true" if is_true else "citations that are not"] += 1
    told["replies that cite"] = int(told["citations that are true"] > 0)
    return told


async def _measure(port: int, requests: Sequence[list[dict[str, Any]]]) -> Counter[str]:
    gate = asyncio.Semaphore(_AT_ONCE)
    client = anthropic.AsyncAnthropic(
        base_url=f"http://127.0.0.1:{port}",
        api_key="none",
        default_headers={"anthropic-version": "2023-06-01"},
    )

    async def ask(number: int, messages: list[dict[str, Any]]) -> Counter[str]:
        create: Any = client.messages.create
        async with gate:
            reply = await create(
                model=MODEL,
                max_tokens=120,
                messages=messages,
                extra_body={"temperature": number % 2},
            )
        return judge(messages, reply.content)

    async with client:
        found = await asyncio.gather(*(ask(n, messages) for n, messages in enumerate(requests)))
    return sum(found, Counter[str]())


def main(arguments: Sequence[str]) -> int:
    """Measure and print; returns the exit code, 1 for an untrue citation or a reference in text."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.citation_validity", description=__doc__
    )
    parser.add_argument("--count", type=int, default=200, help="requests (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the sources (default 1)")
    options = parser.parse_args(arguments)
    with running(senryu_launcher(prepare(), threads=2, cells=16384)) as server:
        told = asyncio.run(_measure(server.port, [*cases(options.count, options.seed)]))
    names = ("replies", "replies that cite", "citations that are true", "citations that are not")
    for name in (*names, "leaks"):
        print(f"{name}: {told[name]}")
    return 1 if told["citations that are not"] or told["leaks"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
