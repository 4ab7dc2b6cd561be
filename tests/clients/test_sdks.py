"""Official SDKs for TypeScript, and clients built on the API: each does a little of everything."""

import json
from pathlib import Path
from typing import Any

from tests.clients.acting import Actor, call, num_results
from tests.clients.installed import run_command, run_node, run_python
from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

ADD = call("add", {"a": 2})


def act(prompt: str) -> str:
    """Calls the tool when it is asked to or must, and answers when it has the result."""
    if num_results(prompt):
        return f"The tool said {prompt.rsplit('<tool_response>', 1)[1].split()[0]}."
    if "an object" in prompt:  # of a model that it does not know, it asks by a tool
        return call("json", {"city": "Paris"})
    if "use the tool" in prompt or "You must call" in prompt:
        return ADD
    return "Hello there."


@requirement("clients.sdks")
@exercises("@anthropic-ai/sdk", "create, stream, count, models, tool runner, errors")
def test_the_typescript_sdk(tmp_path: Path) -> None:
    with running_app(Actor(act)) as app:
        seen = run_node("node-sdks", "sdk.mjs", app.base_url, MODEL, home=tmp_path)
    assert seen["whole"] == seen["streamed"] == "Hello there."
    assert seen["stop_reason"] == "end_turn"
    assert seen["counted"] == seen["input_tokens"] > 0
    assert seen["models"] == [MODEL]
    assert seen["tool"] == "The tool said 3."
    assert seen["error"] == "NotFoundError 404"


@requirement("clients.sdks", "foundry.prefix")
@exercises("@anthropic-ai/foundry-sdk", "create and stream below /anthropic, its key header")
def test_the_foundry_client_for_typescript(tmp_path: Path) -> None:
    with running_app(Actor(act), api_key="k" * 20) as app:
        seen = run_node("node-sdks", "foundry.mjs", app.base_url, MODEL, home=tmp_path)
    assert seen == {"whole": "Hello there.", "streamed": "Hello there."}


@requirement("clients.frameworks")
@exercises("@ai-sdk/anthropic", "text, stream, a loop of tools, an object by schema")
def test_the_ai_sdk(tmp_path: Path) -> None:
    with running_app(Actor(act)) as app:
        seen = run_node("node-sdks", "ai_sdk.mjs", app.base_url, MODEL, home=tmp_path)
    assert seen["whole"] == seen["streamed"] == "Hello there."
    assert seen["usage"] > 0
    assert (seen["looped"], seen["steps"]) == ("The tool said 3.", 2)
    assert seen["object"] == {"city": "Paris"}


@requirement("clients.frameworks")
@exercises("litellm", "completion, stream, a tool and its result, errors")
def test_litellm(tmp_path: Path) -> None:
    def acts(prompt: str) -> str:
        return ADD if '"name": "add"' in prompt and not num_results(prompt) else act(prompt)

    with running_app(Actor(acts)) as app:
        seen = run_python("litellm", "litellm_client.py", app.base_url, MODEL, home=tmp_path)
    assert seen["whole"] == seen["streamed"] == "Hello there."
    assert seen["prompt_tokens"] > 0
    assert seen["finish"] == "tool_calls"
    assert seen["call"] == ["add", {"a": 2}]
    assert seen["answered"] == "The tool said 5."
    assert "model: no-such" in seen["error"]


@requirement("clients.frameworks")
@exercises("llm-anthropic", "the `llm` command: a prompt, and a conversation that goes on")
def test_llm(tmp_path: Path) -> None:
    engine = Actor(act)
    with running_app(engine, aliases={"claude-*": MODEL}) as app:
        variables = {"ANTHROPIC_BASE_URL": app.base_url, "ANTHROPIC_API_KEY": "none"}
        seen = run_python("llm", "llm_command.py", home=tmp_path, **variables)
    assert seen == ["Hello there.", "Hello there."]
    assert "first question" in engine.prompts[1]
    assert "second question" in engine.prompts[1]


@requirement("clients.frameworks")
@exercises("inspect-ai", "an evaluation with a tool; thinking budgets of 32K and 128K")
def test_inspect(tmp_path: Path) -> None:
    def acts(prompt: str) -> str:
        if num_results(prompt):
            return "It means moon."
        return call("lookup", {"word": "luna"})

    alias = "claude-haiku-4-5-20251001"
    with running_app(Actor(acts), aliases={alias: MODEL}) as app:
        variables = {"ANTHROPIC_BASE_URL": app.base_url, "ANTHROPIC_API_KEY": "none"}
        for budget, most in (("32000", "40000"), ("128000", "64000")):
            seen = run_python(
                "inspect", "inspect_task.py", alias, budget, most, home=tmp_path, **variables
            )
            assert seen["status"] == "success", seen["error"]
            assert seen["score"] == 1.0
            assert seen["roles"] == ["user", "assistant", "tool", "assistant"]
            (usage,) = seen["usage"].values()
            assert usage["reasoning_tokens"] > 0


@requirement("clients.frameworks")
@exercises("opencode-ai", "`opencode run`: a file written by its own tool")
def test_opencode(tmp_path: Path) -> None:
    def acts(prompt: str) -> str:
        if "You are a title generator" in prompt:
            return "A title"
        if num_results(prompt):
            return "Done."
        target = tmp_path / "work" / "note.txt"
        return call("write", {"filePath": str(target), "content": "written\n"})

    folder = tmp_path / "work"
    folder.mkdir()
    with running_app(Actor(acts)) as app:
        options = {"baseURL": f"{app.base_url}/v1", "apiKey": "none"}
        provider: dict[str, Any] = {"options": options, "models": {MODEL: {"name": "Scripted"}}}
        config = {"provider": {"anthropic": provider}, "permission": "allow", "autoupdate": False}
        (folder / "opencode.json").write_text(json.dumps(config), encoding="utf-8")
        command = ("opencode", "run", "--model", f"anthropic/{MODEL}", "write a note")
        run_command("opencode", *command, home=tmp_path, cwd=folder)
    assert (folder / "note.txt").read_text(encoding="utf-8") == "written\n"
