"""The number that a reply gives, in every language of MGSM."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.scoring.mgsm import ANSWER_WORDS, parse_number, score_number
from tests.contract.manifest import requirement

DIGITS = {"bn": "০১২৩৪৫৬৭৮৯", "te": "౦౧౨౩౪౫౬౭౮౯", "th": "๐๑๒๓๔๕๖๗๘๙"}


@requirement("evals.mgsm")
@pytest.mark.parametrize(
    ("language", "reply", "number"),
    [
        ("bn", "ধাপে ধাপে: 9 × 2 = 18\nউত্তর: ১৮", "18"),
        ("de", "Antwort: 70.000 Dollar", "70000"),
        ("en", "Answer: **$2,125**", "2125"),
        ("es", "Respuesta: 1.234.567,8", "1234567.8"),
        ("fr", "Réponse : 114\u202f200 euros", "114200"),
        ("ja", "答え：１８", "18"),
        ("ru", "Ответ: 2 125", "2125"),
        ("sw", "Jibu: 18.00", "18"),
        ("te", "సమాధానం: ౧౮.", "18"),
        ("th", "คำตอบ: ๑,๐๐๐ บาท", "1000"),
        ("zh", "答案：\\boxed{70{,}000}", "70000"),
        ("en", "Answer: 3 + 15 = 18", "18"),
        ("en", "The first Answer: 5. No.\nAnswer: 18", "18"),
        ("en", "Answer: 0.125", "0.125"),
        ("en", "Answer: \N{MINUS SIGN}5", "-5"),
        ("en", "Answer: 20-5", "5"),
        ("en", "Answer: (in all)18", "18"),
        ("es", "Respuesta: 114.200", "114200"),
        ("de", "Antwort: 3,5", "3.5"),
    ],
)
def test_the_last_number_behind_the_last_answer_word_counts(
    language: str, reply: str, number: str
) -> None:
    assert parse_number(reply, language) == Decimal(number)


@requirement("evals.mgsm")
@pytest.mark.parametrize("reply", ["18", "", "Answer: eighteen", "Antwort: 18"])
def test_without_a_number_behind_the_word_there_is_no_answer(reply: str) -> None:
    assert parse_number(reply, "en") is None
    assert score_number("18", parse_number(reply, "en")) == 0


@requirement("evals.mgsm")
@given(st.sampled_from(sorted(ANSWER_WORDS)), st.integers(0, 10**7), st.booleans())
def test_every_whole_number_is_read_in_every_language(
    language: str, number: int, grouped: bool
) -> None:
    written = f"{number:,}" if grouped else str(number)
    if language in DIGITS:
        written = "".join(DIGITS[language][int(each)] if each != "," else each for each in written)
    reply = f"1 + 2 = 3\n{ANSWER_WORDS[language]}: {written}."
    assert score_number(f"{number:,}", parse_number(reply, language)) == 1
    assert score_number(f"{number + 1:,}", parse_number(reply, language)) == 0
