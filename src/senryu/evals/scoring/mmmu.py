"""MMMU: from replies to scores by the rules of the benchmark's own scorer.

Source: github.com/MMMU-Benchmark/MMMU at bb0b95a, ``mmmu/utils/eval_utils.py``. Its quirks are
kept, for published figures have them. One is not kept unless asked for: where no choice can be
found in a reply the official scorer guesses one, so that its figures depend on a random seed. Here
such a reply is wrong.
"""

import random
import re
from collections.abc import Mapping, Sequence

__all__ = ["DOMAINS", "parse_choice", "parse_open", "score_choice", "score_open", "subject_of"]

DOMAINS: Mapping[str, tuple[str, ...]] = {
    "Art and Design": ("Art", "Art_Theory", "Design", "Music"),
    "Business": ("Accounting", "Economics", "Finance", "Manage", "Marketing"),
    "Science": ("Biology", "Chemistry", "Geography", "Math", "Physics"),
    "Health and Medicine": (
        "Basic_Medical_Science",
        "Clinical_Medicine",
        "Diagnostics_and_Laboratory_Medicine",
        "Pharmacy",
        "Public_Health",
    ),
    "Humanities and Social Science": ("History", "Literature", "Sociology", "Psychology"),
    "Tech and Engineering": (
        "Agriculture",
        "Architecture_and_Engineering",
        "Computer_Science",
        "Electronics",
        "Energy_and_Power",
        "Materials",
        "Mechanical_Engineering",
    ),
}
"""The 30 subjects by domain."""

_TRIMMED = ",.!?;:'"
_FEWEST_WORDS = 6  # shorter replies are not searched for the text of an option
_SIGNS_OF_ANSWER = (
    "could be ",
    "so ",
    "is ",
    "thus ",
    "therefore ",
    "final ",
    "answer ",
    "result ",
)
_SIGN_IN_LAST_LINE = "="
_TRIVIAL = {":", ",", ".", "!", "?", ";", "'"}
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),  # 1,234
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),  # 1.2e3
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),  # 1234.5
)


def subject_of(question_id: str) -> str:
    """``validation_Art_Theory_12`` -> ``Art_Theory``."""
    return "_".join(question_id.split("_")[1:-1])


def parse_choice(
    reply: str, options: Mapping[str, str], *, guess: random.Random | None = None
) -> str | None:
    """The option that a reply to a multiple-choice question names.

    Tried one after the other: letters in brackets, letters between spaces, and in replies of more
    than five words the text of an option. Of several, the one that is named last counts.

    Arguments:
        options: the texts by letter, in the order of the question.
        guess: what draws an option where none is found, as the official scorer does with
            ``Random(42)`` over all replies in its order of subjects; None leaves it open.

    Returns:
        The letter, or None if none is found.
    """
    for mark in _TRIMMED:
        reply = reply.strip(mark)
    reply = f" {reply} "
    places = {letter: reply.rfind(f"({letter})") for letter in options}
    if max(places.values(), default=-1) < 0:
        places = {letter: reply.rfind(f" {letter} ") for letter in options}
    if max(places.values(), default=-1) < 0 and len(reply.split()) >= _FEWEST_WORDS:
        lowered = reply.lower()
        places = {letter: lowered.rfind(text.lower()) for letter, text in options.items()}
    if max(places.values(), default=-1) < 0:
        return guess.choice(list(options)) if guess else None
    return max(places, key=lambda letter: places[letter])


def parse_open(reply: str) -> set[str | float]:
    """Everything in a reply to an open question that may be meant as the answer.

    That is the end of each line behind the last sign of an answer, or else the whole reply, and
    all numbers in those; normalised, numbers rounded to two decimals.
    """
    reply = reply.strip().strip(".").lower()
    answers: list[str] = []
    # The official scorer means to split at sentences too, but looks for capitals in lowered text.
    lines = reply.split("\n")
    for number, line in enumerate(lines, start=1):
        signs = (*_SIGNS_OF_ANSWER, *([_SIGN_IN_LAST_LINE] if number == len(lines) else []))
        ends = [line.split(sign)[-1].strip() for sign in signs if sign in line]
        shortest = _shortest(ends)
        if shortest and shortest not in _TRIVIAL:
            answers.append(shortest)
    answers = answers or [reply]
    numbers = [
        each for answer in answers for pattern in _NUMBERS for each in pattern.findall(answer)
    ]
    return {form for each in [*answers, *numbers] for form in _normalised(each)}


def score_choice(answer: str | Sequence[str], choice: str | None) -> float:
    """1 where the choice is the answer, or one of several, else 0."""
    return float(choice in ([answer] if isinstance(answer, str) else answer))


def score_open(answer: str | Sequence[str], found: set[str | float]) -> float:
    """1 where something found is the answer, or one of several, else 0.

    A number has to equal it; a text has to contain it.
    """
    answers = [answer] if isinstance(answer, str) else answer
    wanted = [form for each in answers for form in _normalised(each)]
    texts = [each for each in wanted if isinstance(each, str)]
    return float(
        any(
            any(text in each for text in texts) if isinstance(each, str) else each in wanted
            for each in found
        )
    )


def _shortest(ends: Sequence[str]) -> str:
    """The shortest, as the official scorer finds it: an empty one gives way to the next."""
    shortest = ""
    for end in ends:
        if not shortest or len(end) < len(shortest):
            shortest = end
    return shortest


def _normalised(text: str) -> list[str | float]:
    text = text.strip()
    try:
        return [round(float(text.replace(",", "")), 2)]
    except ValueError:
        text = text.lower()
    # a single letter must stand alone, or it would be found in every word
    return [f" {text}", f"{text} "] if len(text) == 1 else [text]
