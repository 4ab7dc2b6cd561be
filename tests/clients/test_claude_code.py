"""Claude Code, unmodified, in print mode: its loop of requests with tools really executed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from senryu.cli.agent_env import Target, claude_code_env
from senryu.engine.scripted import SCRIPTED_INFO, Gate, ScriptedEngine
from senryu.errors import EngineError, OverloadedError, RateLimitError
from tests.clients.acting import Actor, call, num_results
from tests.clients.installed import run_command, run_python
from tests.clients.recorder import recording
from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

CLIENT = "@anthropic-ai/claude-code"
WINDOW = 200_000
INFO = replace(SCRIPTED_INFO, window=WINDOW, training_context=WINDOW)

__all__ = ["CLIENT", "Session"]


class Session:
    """A folder to work in, and the client in it.

    Arguments:
        folder: an empty one.
    """

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.work = folder / "work"
        self.home.mkdir()
        self.work.mkdir()
        self.note = self.work / "note.txt"

    def ask(
        self,
        base_url: str,
        prompt: str,
        *options: str,
        window: int = WINDOW,
        variables: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """What the client says, event by event.

        Arguments:
            base_url: the server's.
            prompt: what it is asked.
            options: further options of the client.
            window: the model's.
            variables: what is set besides; an empty one is left out.
        """
        given = claude_code_env(Target(base_url, "none", MODEL, MODEL, window))
        given |= variables or {}
        shown = run_command(
            "claude-code",
            *("claude", "-p", prompt, "--output-format", "stream-json", "--verbose"),
            *("--permission-mode", "acceptEdits", "--allowedTools", "Bash", "Read", "WebSearch"),
            *options,
            home=self.home,
            cwd=self.work,
            **{name: value for name, value in given.items() if value},
        )
        return [json.loads(line) for line in shown.splitlines()]

    def edits(self, prompt: str) -> str:
        """Write a file, read it, change it, look at it with another tool, and say so."""
        steps = [
            call("Write", {"file_path": str(self.note), "content": "one\ntwo\n"}),
            call("Read", {"file_path": str(self.note)}),
            call(
                "Edit",
                {"file_path": str(self.note), "old_string": "two", "new_string": "three"},
            ),
            call("Bash", {"command": "cat note.txt", "description": "Show the note"}),
            "All done.",
        ]
        return steps[num_results(prompt)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """An empty folder and home."""
    return Session(tmp_path)


def result_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The client's last word."""
    assert events[-1]["type"] == "result"
    return events[-1]


def tool_results(events: list[dict[str, Any]]) -> list[Any]:
    """What its tools said."""
    return [
        block["content"]
        for event in events
        if event["type"] == "user" and isinstance(event["message"]["content"], list)
        for block in event["message"]["content"]
        if block["type"] == "tool_result"
    ]


@requirement("clients.agents")
@exercises(CLIENT, "Write, Read, Edit and Bash really executed; thinking; key as bearer")
def test_its_tools_are_executed(session: Session) -> None:
    engine = Actor(session.edits)
    with running_app(engine) as app, recording(app.base_url) as recorder:
        events = session.ask(recorder.base_url, "Write a note.")
    assert result_of(events)["result"] == "All done."
    assert result_of(events)["is_error"] is False
    assert session.note.read_text(encoding="utf-8") == "one\nthree\n"
    assert tool_results(events)[-1] == "one\nthree"
    assert len(engine.prompts) == 5
    for earlier, later in zip(engine.prompts, engine.prompts[1:], strict=False):
        assert later.startswith(earlier)  # nothing of what was computed is lost
    assert {each.path for each in recorder.sent} == {"/v1/messages?beta=true"}
    assert all(each.headers["authorization"] == "Bearer none" for each in recorder.sent)


@requirement("clients.agents")
@exercises(CLIENT, "key as x-api-key; the server's own model alias")
def test_a_key_in_the_other_header(session: Session) -> None:
    key = "k" * 20
    variables = {"ANTHROPIC_API_KEY": key, "ANTHROPIC_AUTH_TOKEN": "", "ANTHROPIC_MODEL": "mine"}
    with running_app(Actor(lambda _: "Hello."), api_key=key, aliases={"mine": MODEL}) as app:
        events = session.ask(app.base_url, "Hi.", variables=variables)
    assert result_of(events)["result"] == "Hello."


@requirement("clients.agents", "foundry.prefix")
@exercises(CLIENT, "Foundry mode")
def test_foundry_mode(session: Session) -> None:
    variables = {
        "CLAUDE_CODE_USE_FOUNDRY": "1",
        "ANTHROPIC_FOUNDRY_API_KEY": "k" * 20,
        "ANTHROPIC_AUTH_TOKEN": "",
        "ANTHROPIC_BASE_URL": "",
    }
    with (
        running_app(Actor(session.edits), api_key="k" * 20) as app,
        recording(app.base_url) as recorder,
    ):
        url = f"{recorder.base_url}/anthropic"
        variables |= {"ANTHROPIC_FOUNDRY_BASE_URL": url}
        events = session.ask("", "Write a note.", variables=variables)
    assert result_of(events)["result"] == "All done."
    assert {each.path.partition("?")[0] for each in recorder.sent} == {"/anthropic/v1/messages"}


@requirement("clients.agents")
@exercises(CLIENT, "two sub-agents at the same time")
def test_sub_agents_work_at_the_same_time(session: Session) -> None:
    both = Gate()
    arrived: list[str] = []

    def act(prompt: str) -> str | ScriptedEngine:
        if "Start two helpers" not in prompt:
            arrived.append("alpha" if "HELPER ALPHA" in prompt else "beta")
            if len(arrived) == 2:
                both.open()
            said = f"</think>\n\n{arrived[-1]} is done."
            return ScriptedEngine([said], info=INFO, gates={0: both})
        if "alpha is done" in prompt and "beta is done" in prompt:
            return "Both are done."
        calls = [
            call(
                "Agent",
                {
                    "description": name,
                    "prompt": f"HELPER {name.upper()}: work.",
                    "subagent_type": "general-purpose",
                    "run_in_background": False,
                },
            )
            for name in ("alpha", "beta")
        ]
        return "\n".join(calls)

    engine = Actor(act)
    with running_app(engine) as app:
        events = session.ask(app.base_url, "Start two helpers.")
    assert result_of(events)["result"] == "Both are done."
    assert sorted(arrived) == ["alpha", "beta"]


@requirement("clients.agents")
@exercises(CLIENT, "a deferred tool, found by its own search and then called")
def test_a_deferred_tool_is_found_and_called(session: Session) -> None:
    notebook = session.work / "book.ipynb"
    cell: dict[str, Any] = {"cell_type": "markdown", "id": "c", "metadata": {}, "source": ["old"]}
    notebook.write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}),
        encoding="utf-8",
    )

    def act(prompt: str) -> str:
        steps = [
            call("ToolSearch", {"query": "select:NotebookEdit", "max_results": 1}),
            call("Read", {"file_path": str(notebook)}),
            call(
                "NotebookEdit",
                {"notebook_path": str(notebook), "cell_id": "c", "new_source": "new"},
            ),
            "Edited.",
        ]
        return steps[num_results(prompt)]

    engine = Actor(act)
    with running_app(engine) as app:
        events = session.ask(app.base_url, "Edit the notebook.")
    assert result_of(events)["result"] == "Edited."
    assert "This tool can be called from now on" not in engine.prompts[0]
    assert "This tool can be called from now on" in engine.prompts[1]
    assert "new" in notebook.read_text(encoding="utf-8")


@requirement("clients.agents")
@exercises(CLIENT, "tries again after 429, 500, 529, an error event and a cut stream")
@pytest.mark.parametrize("failure", ["429", "500", "529", "event", "cut"])
def test_it_tries_again(session: Session, failure: str) -> None:
    errors = {
        "429": RateLimitError("slow down", retry_after_s=1),
        "500": EngineError("the worker died"),
        "529": OverloadedError("busy", retry_after_s=1),
    }
    tries: list[str] = []

    def act(prompt: str) -> str | ScriptedEngine:
        tries.append(prompt)
        if len(tries) == 1 and failure in errors:
            raise errors[failure]
        if len(tries) == 1 and failure == "event":
            broken = EngineError("the worker died")
            return ScriptedEngine(["Hel"], info=INFO, errors={1: broken})
        return "Hello."

    engine = Actor(act)
    with (
        running_app(engine) as app,
        recording(
            app.base_url, cut=lambda number: 900 if failure == "cut" and number == 0 else None
        ) as recorder,
    ):
        events = session.ask(recorder.base_url, "Hi.")
    assert result_of(events)["result"].endswith("Hello.")
    assert result_of(events)["is_error"] is False
    assert len(tries) == 2


@requirement("clients.agents")
@exercises(CLIENT, "a conversation that grows too long is compacted by the client")
def test_a_conversation_that_grows_too_long_is_compacted(session: Session) -> None:
    for number in range(8):
        text = f"file {number}\n" + "a line of words that mean nothing at all\n" * 500
        (session.work / f"{number}.txt").write_text(text, encoding="utf-8")
    summaries: list[str] = []

    def act(prompt: str) -> str:
        if "create a detailed summary" in prompt.rsplit("<|im_start|>user", 1)[1]:
            summaries.append(prompt)
            return "<summary>The files were read; THE GIST.</summary>"
        if "THE GIST" in prompt:
            return "Read them all."
        path = session.work / f"{num_results(prompt)}.txt"
        return call("Read", {"file_path": str(path)})

    window = 150_000
    engine = Actor(act, window=window)
    with running_app(engine) as app:
        events = session.ask(app.base_url, "Read the files.", window=window)
    assert result_of(events)["result"] == "Read them all."
    assert len(summaries) == 1


@requirement("clients.agents")
@exercises(CLIENT, "`/context` counts tokens many times at once")
def test_tokens_are_counted_in_bursts(session: Session) -> None:
    with running_app(Actor(lambda _: "Hello.")) as app, recording(app.base_url) as recorder:
        events = session.ask(recorder.base_url, "/context")
    assert result_of(events)["is_error"] is False
    counted = recorder.bodies("/v1/messages/count_tokens")
    assert len(counted) >= 10
    assert all("max_tokens" not in body for body in counted)


@requirement("clients.agents")
@exercises(CLIENT, "`--json-schema`: an answer by its own tool")
def test_an_answer_by_schema(session: Session) -> None:
    def act(prompt: str) -> str:
        return "Done." if num_results(prompt) else call("StructuredOutput", {"city": "Paris"})

    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    with running_app(Actor(act)) as app:
        events = session.ask(app.base_url, "Which city?", "--json-schema", json.dumps(schema))
    assert result_of(events)["structured_output"] == {"city": "Paris"}


@requirement("clients.agents")
@exercises(CLIENT, "a web search, which the server does not have: refused, and it goes on")
def test_a_tool_of_the_server_is_refused_and_the_loop_goes_on(session: Session) -> None:
    def act(prompt: str) -> str:
        steps = [
            call("ToolSearch", {"query": "select:WebSearch", "max_results": 1}),
            call("WebSearch", {"query": "haiku"}),
            "No search.",
        ]
        return steps[num_results(prompt)]

    with running_app(Actor(act)) as app:
        events = session.ask(app.base_url, "Search.")
    assert result_of(events)["result"] == "No search."
    assert "web_search" in str(tool_results(events)[-1])


@requirement("clients.agents", "cli.code")
@exercises(CLIENT, "started by `senryu code`")
def test_senryu_code_starts_it(session: Session) -> None:
    with running_app(Actor(lambda _: "Hello.")) as app:
        shown = run_command(
            "claude-code",
            *("senryu", "code", "--base-url", app.base_url, "--", "-p", "Hi."),
            home=session.home,
            cwd=session.work,
        )
    assert shown.strip() == "Hello."


@requirement("clients.agents")
@exercises("claude-agent-sdk", "two questions of one session, a tool of the program's own")
def test_the_agent_sdk(session: Session) -> None:
    def act(prompt: str) -> str:
        if "Thank you." in prompt:
            return "You are welcome."
        steps = [
            call("ToolSearch", {"query": "select:mcp__scales__weigh", "max_results": 1}),
            call("mcp__scales__weigh", {"what": "cat"}),
            "The cat weighs 12 kg.",
        ]
        return steps[num_results(prompt)]

    with running_app(Actor(act)) as app:
        target = Target(app.base_url, "none", MODEL, MODEL, WINDOW)
        seen = run_python(
            *("claude-agent-sdk", "agent_sdk.py", str(session.work)),
            home=session.home,
            **claude_code_env(target),
        )
    assert seen["called"] == [{"what": "cat"}]
    assert "mcp__scales__weigh" in seen["tools"]
    first, second = seen["results"]
    assert (first["text"], second["text"]) == ("The cat weighs 12 kg.", "You are welcome.")
    assert not first["is_error"]
    assert second["usage"]["cache_read_input_tokens"] > 0
