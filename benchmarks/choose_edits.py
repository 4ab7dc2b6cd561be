"""Chooses the prompts of the edit workload: ``python -m benchmarks.choose_edits``.

Run by hand. It starts Senryu with the embedded model as the workload does, asks for the greedy
reply to every candidate (a text of a few lines with a task that leaves most of it as it is), keeps
those whose reply is long enough and repeats enough of its prompt, and writes the best of them to
``data/edits.json``, not two on the same text.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.client import stream_message
from benchmarks.edits import EDITS_FILE, Edit, edit_body, repeated_share
from benchmarks.launchers import Servers, plain_pair
from benchmarks.servers import running
from senryu.engine.llama.embedded import prepare

__all__ = ["candidates", "choose"]

_LEAST_SHARE = 0.6
_LEAST_TOKENS = 64
_NUM_CHOSEN = 8
_CELLS = 16384

_TASKS = {
    "repeat": "Repeat the following text exactly, word for word.\n\n{text}",
    "replace": "Replace the word \"{old}\" with \"{new}\" and repeat the rest of the text"
    " unchanged.\n\n{text}",
    "rewrite": "Here is a text:\n\n{text}\n\nWrite the whole text again, but with \"{new}\""
    " instead of \"{old}\".",
    "heading": "Add the heading \"Draft\" to this text and leave everything else as it is.\n\n"
    "{text}",
}  # fmt: skip

# Text, and a word of it with another one to put in its place.
_TEXTS = {
    "garden": (
        "The garden behind the old house was full of roses. Every morning Anna walked along the"
        " narrow path with a small can of water. She stopped at each bush and looked for new buds."
        " In summer the bees came early, and the whole garden smelled of honey. Her brother liked"
        " to sit under the apple tree and read the newspaper until the bell rang for breakfast.",
        "roses", "tulips",
    ),
    "harbour": (
        "The ship left the harbour at six in the morning. On board were twelve sailors, two cooks"
        " and a young doctor from the north. The captain stood at the wheel and watched the clouds."
        " By noon the wind had turned, and the sea was rough and grey. Nobody spoke during the"
        " meal, because everybody was listening to the storm.",
        "captain", "pilot",
    ),
    "meeting": (
        "Minutes of the meeting on Monday. The group talked about the budget for the next year."
        " Maria will write to the bank before Friday. Peter will ask the school for a larger room."
        " The next meeting takes place on the second Tuesday in May at seven in the evening. Please"
        " bring your own cups and something to drink.",
        "Maria", "Laura",
    ),
    "recipe": (
        "Mix two cups of flour with one spoon of sugar and a little salt. Add three eggs and half"
        " a litre of milk. Stir until there are no lumps left. Heat some butter in a pan and pour"
        " in a thin layer. Bake it for two minutes on each side until it is golden. Serve it with"
        " jam, honey or fresh fruit.",
        "honey", "syrup",
    ),
    "river": (
        "The river begins in the mountains and flows through four countries. It is more than nine"
        " hundred miles long. In spring the snow melts and the water rises by several feet. Many"
        " towns were built on its banks, because boats could carry stone, wood and grain. Today"
        " the river gives water to six million people and to all the farms in the valley.",
        "mountains", "hills",
    ),
    "letter": (
        "Dear Mr. Brown, thank you for your letter of the third of June. We are sorry that the"
        " lamp arrived broken. We will send you a new one this week, and you need not pay for it."
        " Please keep the old lamp until our driver comes to your house. If you have any other"
        " questions, call us at any time between nine and five. Yours sincerely, the lamp shop.",
        "June", "July",
    ),
    "config": (
        "server:\n  host: 127.0.0.1\n  port: 8080\n  workers: 4\n  timeout: 30\nlogging:\n"
        "  level: info\n  file: server.log\n  rotate: daily\n  keep: 7\ndatabase:\n"
        "  host: localhost\n  port: 5432\n  name: orders\n  user: reader\n  pool: 10\n"
        "cache:\n  size: 256\n  lifetime: 300\n",
        "8080", "9090",
    ),
    "table": (
        "name,city,year\nAnna,Paris,1998\nBoris,London,2001\nClara,Berlin,1987\nDavid,Madrid,1990\n"
        "Elena,Rome,2004\nFrank,Vienna,1979\nGrace,Dublin,1995\nHenry,Oslo,1983\nIrene,Athens,1992\n"
        "Jacob,Prague,2000\n",
        "Paris", "Lyon",
    ),
    "page": (
        "<html>\n<head>\n<title>My page</title>\n</head>\n<body>\n<h1>Welcome to my page</h1>\n"
        "<p>This page is about birds and trees.</p>\n<ul>\n<li>The oak tree is very old.</li>\n"
        "<li>The small bird sings in the morning.</li>\n<li>The owl sleeps all day.</li>\n</ul>\n"
        "</body>\n</html>\n",
        "birds", "fish",
    ),
    "museum": (
        "The museum opens at ten and closes at six. On Thursdays it stays open until nine in the"
        " evening. Children under twelve do not pay. A guide speaks about the paintings every hour,"
        " beginning in the large hall on the first floor. Bags and coats must be left at the door."
        " The cafe on the roof serves soup, bread and cake all day long.",
        "Thursdays", "Fridays",
    ),
}  # fmt: skip


def candidates() -> Iterator[tuple[str, str]]:
    """Every task on every text: a name and a prompt."""
    for text_name, (text, old, new) in _TEXTS.items():
        for task_name, task in _TASKS.items():
            yield f"{task_name} {text_name}", task.format(text=text.strip(), old=old, new=new)


def choose(edits: Sequence[Edit]) -> list[Edit]:
    """The best edits that are good enough: at most one a text, those that change something first.

    Arguments:
        edits: all candidates, named task, blank, text.
    """
    good = [e for e in edits if e.repeated >= _LEAST_SHARE and e.output_tokens >= _LEAST_TOKENS]
    good.sort(key=lambda edit: (edit.name.startswith("repeat"), -edit.repeated))
    of_text: dict[str, Edit] = {}
    for edit in good:
        of_text.setdefault(edit.name.split()[1], edit)
    return list(of_text.values())[:_NUM_CHOSEN]


async def _try_all(port: int) -> list[Edit]:
    edits: list[Edit] = []
    for name, prompt in candidates():
        reply = await stream_message(port, edit_body(prompt))
        share = repeated_share(prompt, reply.text)
        edits.append(Edit(name, prompt, round(share, 3), reply.output_tokens))
        print(f"{name}: {share:.0%} of {reply.output_tokens} tokens", flush=True)
    return edits


def main(arguments: Sequence[str]) -> int:
    """Choose and write; 1 if there are too few good candidates."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.choose_edits", description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="native threads (default 2)")
    parser.add_argument("--output", type=Path, default=EDITS_FILE, help="the file to write")
    options = parser.parse_args(arguments)
    (launcher,) = plain_pair(Servers(prepare().resolve(), None, options.threads), _CELLS)
    with running(launcher) as server:
        chosen = choose(asyncio.run(_try_all(server.port)))
    data = {
        "about": "chosen by benchmarks/choose_edits.py on the embedded model",
        "edits": [asdict(edit) for edit in chosen],
    }
    text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    options.output.write_text(text, encoding="utf-8")
    print(f"{len(chosen)} edits written to {options.output}")
    return 0 if len(chosen) == _NUM_CHOSEN else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
