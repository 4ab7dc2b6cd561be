"""The prompt cache as a client sees it: the official SDK, the real server, the embedded model."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import anthropic
import httpx2
import pytest
from anthropic.types import MessageParam, TextBlockParam

from senryu.engine.llama.embedded import prepare
from tests.contract.manifest import requirement
from tests.support.server import RunningServer, running_server

MODEL = "embedded-copy"
KEYS = {"ours": "a-key-of-the-first-team", "theirs": "a-key-of-the-second-team"}
RULES = "Be brief. Use plain words. Never guess. Say so when you do not know. " * 12
MARKED: list[TextBlockParam] = [
    {"type": "text", "text": RULES, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
]


@contextmanager
def serving(folder: Path) -> Generator[RunningServer]:
    """A server with a cache folder of its own and two tenants."""
    config = folder / "senryu.toml"
    keys = "".join(f'[[keys]]\nworkspace = "{name}"\nkey = "{key}"\n' for name, key in KEYS.items())
    config.write_text(
        f'[[models]]\nsource = "{prepare()}"\nid = "{MODEL}"\ncells = 8192\n'
        f'cache_min_tokens = 64\ncalibrate = "off"\n{keys}',
        encoding="utf-8",
    )
    with running_server("--config", str(config), SENRYU_CACHE_DIR=str(folder)) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    with serving(tmp_path_factory.mktemp("cache")) as running:
        yield running


def client_of(server: RunningServer, workspace: str = "ours") -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=server.base_url, api_key=KEYS[workspace], max_retries=0)


def ask(
    client: anthropic.Anthropic,
    messages: Iterable[MessageParam],
    system: list[TextBlockParam] = MARKED,
    max_tokens: int = 4,
) -> anthropic.types.Message:
    return client.messages.create(
        model=MODEL, max_tokens=max_tokens, system=system, messages=messages
    )


def user(text: str) -> MessageParam:
    return {"role": "user", "content": text}


def titled(title: str) -> list[TextBlockParam]:
    return [{**MARKED[0], "text": title + RULES}]


@requirement("caching.usage")
def test_what_one_request_writes_the_next_one_reads_and_the_bill_adds_up(
    server: RunningServer,
) -> None:
    client, system = client_of(server), titled("First. ")
    first = ask(client, [user("Who are you?")], system).usage
    second = ask(client, [user("What is this?")], system).usage
    assert first.cache_read_input_tokens == 0
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens == first.cache_creation_input_tokens
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens == 0
    counted = client.messages.count_tokens(
        model=MODEL, system=system, messages=[user("What is this?")]
    )
    assert second.cache_read_input_tokens is not None
    assert counted.input_tokens == second.input_tokens + second.cache_read_input_tokens


@requirement("caching.tenants")
def test_another_workspace_reads_nothing(server: RunningServer) -> None:
    system = titled("Second. ")
    for workspace in ("ours", "theirs"):
        usage = ask(client_of(server, workspace), [user("Who are you?")], system).usage
        assert usage.cache_read_input_tokens == 0


@requirement("caching.prewarm")
def test_no_tokens_fill_the_cache(server: RunningServer) -> None:
    client, system = client_of(server), titled("Third. ")
    warm = ask(client, [user("Who are you?")], system, max_tokens=0)
    assert warm.content == []
    assert warm.usage.output_tokens == 0
    read = ask(client, [user("What now?")], system).usage.cache_read_input_tokens
    assert read == warm.usage.cache_creation_input_tokens


@requirement("caching.byte_stable.replies")
def test_a_conversation_goes_on_from_the_models_own_tokens(server: RunningServer) -> None:
    client, system = client_of(server), titled("Fourth. ")
    messages = [user("Name a colour.")]
    for question in ("And another one?", "And the last one?"):
        reply = ask(client, messages, system, max_tokens=12)
        texts = [block.text for block in reply.content if block.type == "text"]
        before = cached_tokens(server)
        held = total(reply.usage) + reply.usage.output_tokens
        messages.append({"role": "assistant", "content": "".join(texts)})
        messages.append(user(question))
        ask(client, messages, system, max_tokens=0)
        # all but the last token of the reply and what stands around it was there already
        assert cached_tokens(server) - before >= held - 1


@requirement("caching.restart")
def test_entries_outlive_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        written = ask(client_of(server), [user("Who are you?")]).usage
        assert written.cache_creation_input_tokens
    with serving(tmp_path) as server:
        read = ask(client_of(server), [user("What is this?")]).usage
        assert read.cache_read_input_tokens == written.cache_creation_input_tokens
        foreign = ask(client_of(server, "theirs"), [user("What is this?")]).usage
        assert foreign.cache_read_input_tokens == 0


def test_a_request_longer_than_all_memory_is_refused_before_any_work(
    server: RunningServer,
) -> None:
    prefilled = metric(server, "senryu_engine_prefilled_tokens_total")
    with pytest.raises(anthropic.BadRequestError, match="prompt is too long"):
        ask(client_of(server), [user("word " * 9000)])
    assert metric(server, "senryu_engine_prefilled_tokens_total") == prefilled


def total(usage: anthropic.types.Usage) -> int:
    return (
        usage.input_tokens
        + (usage.cache_read_input_tokens or 0)
        + (usage.cache_creation_input_tokens or 0)
    )


def cached_tokens(server: RunningServer) -> float:
    return metric(server, "senryu_engine_cached_tokens_total")


def metric(server: RunningServer, name: str) -> float:
    text = httpx2.get(f"{server.base_url}/metrics", headers={"x-api-key": KEYS["ours"]}).text
    (line,) = [row for row in text.splitlines() if row.startswith(name + "{")]
    return float(line.rsplit(" ", 1)[1])
