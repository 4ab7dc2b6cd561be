"""LangChain's standard integration tests, all of them that the server's features allow."""

import re
from pathlib import Path

from tests.clients.acting import Actor, call, num_results
from tests.clients.installed import run_pytest
from tests.clients.table import exercises
from tests.contract.manifest import requirement
from tests.support.app import MODEL, running_app

JOKE = {"setup": "Why?", "punchline": "Because."}
# What a model with wits would call the tests' tools with.
ARGUMENTS = {
    "magic_function_no_args": {},
    "magic_function": {"input": 3},
    "greeting_generator": {"answer_style": "pirate"},
    "get_weather": {"location": "San Francisco, CA"},
    "unicode_customer": {"customer_name": "你好こ", "description": "a firm"},
    "Joke": JOKE,
    "JokeDict": JOKE,
    "joke": JOKE,
}
LEAST = 35  # tests that a release of theirs has, besides those that need images and the like


def act(prompt: str) -> str:
    """Calls the tool that is there, once."""
    if not num_results(prompt):
        for name, arguments in ARGUMENTS.items():
            if f'"name": "{name}"' in prompt:
                return call(name, arguments)
    return "Hello there."


@requirement("clients.frameworks")
@exercises("langchain-anthropic", "LangChain's standard integration tests")
def test_the_standard_tests(tmp_path: Path) -> None:
    with running_app(Actor(act)) as app:
        shown = run_pytest(
            *("langchain", "langchain_standard.py"),
            home=tmp_path,
            BASE_URL=app.base_url,
            MODEL=MODEL,
        )
    found = re.search(r"(\d+) passed", shown)
    assert found, shown
    assert int(found.group(1)) >= LEAST
