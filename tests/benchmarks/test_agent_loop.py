"""An agent's session, replayed on a real server: of each prompt only what is new is computed."""

import asyncio
from pathlib import Path

from benchmarks.agent_loop import SLACK, Turn, replay, summary, table
from benchmarks.agent_model import write_agent_model
from benchmarks.agent_talk import Talk
from benchmarks.launchers import Servers, agent_pair
from benchmarks.servers import running
from senryu.engine.llama.embedded import prepare
from tests.contract.manifest import requirement


@requirement("clients.cache")
def test_of_each_prompt_only_what_is_new_is_computed(tmp_path: Path) -> None:
    model = write_agent_model(tmp_path, prepare())
    (launcher,) = agent_pair(Servers(model, None, 2), 32768, has_tools=True)
    with running(launcher) as server:
        turns = asyncio.run(replay(server, Talk(turns=7, max_tokens=2)))
    first, *later = turns
    assert first.prefilled > 9000
    assert ("main", "agent 1") in [turn.speakers for turn in later]
    assert all(turn.prefilled <= turn.new + SLACK for turn in later)


def test_a_talk_is_the_same_every_time_and_only_grows() -> None:
    one, two = (list(Talk(turns=9).rounds()) for _ in range(2))
    assert one == two
    main = [ask.body for asks in one for ask in asks if ask.speaker == "main"]
    assert len({body["system"][0]["text"] for body in main}) == len(main)
    assert len({str(body["tools"]) for body in main}) == 1
    for earlier, later in zip(main, main[1:], strict=False):
        assert len(later["messages"]) > len(earlier["messages"])
        assert later["messages"][0] == earlier["messages"][0]


def test_what_is_shown() -> None:
    turns = [Turn(1, ("main",), 100, 100, 99, 0.5), Turn(2, ("main",), 150, 50, 52, 0.25)]
    rows = table({"a": turns, "b": turns}).splitlines()
    assert rows[-1] == "| 2 | main | 150 | 50 | 52 | 0.250 | 52 | 0.250 |"
    assert "at most 2 tokens beside the new ones" in summary({"a": turns})
