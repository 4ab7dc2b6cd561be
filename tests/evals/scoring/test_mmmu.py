"""MMMU's scorer gives the figures that its own gives for what two models replied."""

import gzip
import json
import random
from functools import cache
from pathlib import Path
from typing import TypedDict

import pytest

from senryu.evals.protocol import (
    Arm,
    Baseline,
    Protocol,
    Question,
    Result,
    Trial,
    TrialId,
    collect,
    summarise,
)
from senryu.evals.scoring.mmmu import (
    DOMAINS,
    parse_choice,
    parse_open,
    score_choice,
    score_open,
    subject_of,
)
from tests.contract.manifest import requirement

DATA = Path(__file__).resolve().parent.parent / "data" / "mmmu_val.jsonl.gz"
ONE_RUN = Arm("one run")

# mmmu/main_eval_only.py at bb0b95a prints these: by subject, then "Overall".
PUBLISHED = {
    "llava-1.5-13b": {
        "Art": 0.6,
        "Art_Theory": 0.533,
        "Design": 0.6,
        "Music": 0.367,
        "Accounting": 0.267,
        "Economics": 0.233,
        "Finance": 0.133,
        "Manage": 0.333,
        "Marketing": 0.167,
        "Biology": 0.233,
        "Chemistry": 0.2,
        "Geography": 0.4,
        "Math": 0.333,
        "Physics": 0.3,
        "Basic_Medical_Science": 0.5,
        "Clinical_Medicine": 0.4,
        "Diagnostics_and_Laboratory_Medicine": 0.367,
        "Pharmacy": 0.267,
        "Public_Health": 0.4,
        "History": 0.567,
        "Literature": 0.733,
        "Sociology": 0.533,
        "Psychology": 0.367,
        "Agriculture": 0.5,
        "Architecture_and_Engineering": 0.333,
        "Computer_Science": 0.2,
        "Electronics": 0.2,
        "Energy_and_Power": 0.367,
        "Materials": 0.4,
        "Mechanical_Engineering": 0.167,
        "Overall": 0.367,
    },
    "qwen-vl": {
        "Art": 0.467,
        "Art_Theory": 0.567,
        "Design": 0.6,
        "Music": 0.367,
        "Accounting": 0.4,
        "Economics": 0.233,
        "Finance": 0.3,
        "Manage": 0.267,
        "Marketing": 0.3,
        "Biology": 0.367,
        "Chemistry": 0.267,
        "Geography": 0.2,
        "Math": 0.333,
        "Physics": 0.333,
        "Basic_Medical_Science": 0.333,
        "Clinical_Medicine": 0.3,
        "Diagnostics_and_Laboratory_Medicine": 0.2,
        "Pharmacy": 0.433,
        "Public_Health": 0.433,
        "History": 0.4,
        "Literature": 0.8,
        "Sociology": 0.433,
        "Psychology": 0.267,
        "Agriculture": 0.4,
        "Architecture_and_Engineering": 0.3,
        "Computer_Science": 0.233,
        "Electronics": 0.2,
        "Energy_and_Power": 0.433,
        "Materials": 0.333,
        "Mechanical_Engineering": 0.333,
        "Overall": 0.361,
    },
}


class Row(TypedDict):
    id: str
    answer: str | list[str]
    options: dict[str, str] | None
    replies: dict[str, str]
    parsed: dict[str, str]


@cache
def rows() -> list[Row]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def score_parsed(row: Row, found: str) -> float:
    if row["options"]:
        return score_choice(row["answer"], found)
    return score_open(row["answer"], parse_open(found))


def evaluated(scores: dict[str, float]) -> Result:
    """The 900 scores as one run, beside always answering A."""
    protocol = Protocol(
        "MMMU validation",
        tuple(Question(row["id"], group=subject_of(row["id"])) for row in rows()),
        (ONE_RUN,),
    )
    trials = [Trial(TrialId(ONE_RUN.name, 1, name), score) for name, score in scores.items()]
    always_a = {row["id"]: score_parsed(row, "A") for row in rows()}
    return summarise(protocol, collect(protocol, trials), Baseline("always A", always_a))


@requirement("evals.mmmu")
@pytest.mark.parametrize("model", PUBLISHED)
def test_every_published_subject_figure_is_found_again(model: str) -> None:
    result = evaluated({row["id"]: score_parsed(row, row["parsed"][model]) for row in rows()})
    found = {subject: round(each.value, 3) for subject, each in result.groups.items()}
    assert {**found, "Overall": round(result.score.value, 3)} == PUBLISHED[model]
    assert {subject for subjects in DOMAINS.values() for subject in subjects} == found.keys()
    # 242 choices and 2 open answers are A
    assert result.baseline_score.value == pytest.approx(244 / 900)


@requirement("evals.mmmu")
@pytest.mark.parametrize(
    ("model", "num_unclear", "num_correct"), [("llava-1.5-13b", 2, 330), ("qwen-vl", 48, 325)]
)
def test_raw_replies_are_parsed_as_by_the_official_scorer(
    model: str, num_unclear: int, num_correct: int
) -> None:
    choices = [(row, row["options"]) for row in rows() if row["options"]]
    found = {row["id"]: parse_choice(row["replies"][model], options) for row, options in choices}
    unclear = {name for name, choice in found.items() if choice is None}
    assert len(unclear) == num_unclear
    assert all(
        found[row["id"]] == row["parsed"][model] for row, _ in choices if row["id"] not in unclear
    )
    # main_parse_and_eval.py at bb0b95a, subject by subject: its guesses begin with seed 42
    guess = random.Random(42)
    scores = [
        score_choice(
            row["answer"], parse_choice(row["replies"][model], row["options"], guess=guess)
        )
        if row["options"]
        else score_open(row["answer"], parse_open(row["replies"][model]))
        for row in rows()
    ]
    assert sum(scores) == num_correct


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("B", "B"),
        ("B.", "B"),
        ("(A) is wrong, so it must be (B).", "B"),
        ("Either A or C is right", "C"),
        ("It cannot be anything but the red fox", "A"),
        ("the red fox", None),  # too short to look for the text of an option
        ("I do not know", None),
        ("", None),
    ],
)
def test_what_a_reply_chooses(reply: str, choice: str | None) -> None:
    assert parse_choice(reply, {"A": "Red fox", "B": "Owl", "C": "Badger"}) == choice


@pytest.mark.parametrize(
    ("reply", "answer", "score"),
    [
        ("The answer is 1,249.", "1249", 1),
        ("We add both.\nSo x = 3 + 4 = 7", "7", 1),
        ("a = 7\nSo it is 8", "7", 0),  # an equation answers only in the last line
        ("12.974", "12.97", 1),  # rounded to two decimals
        ("It is 12.9", "12.97", 0),
        ("The compound is MgS", ["$MgS$", "MgS"], 1),
        ("trans", "transformation", 0),
        ("The point is marked c on the graph", "C", 1),
        ("Because", "C", 0),  # a single letter stands alone
    ],
)
def test_what_an_open_reply_answers(reply: str, answer: str | list[str], score: int) -> None:
    assert score_open(answer, parse_open(reply)) == score
