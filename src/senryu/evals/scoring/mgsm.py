"""MGSM: the number that a reply to a grade-school problem gives, in eleven languages.

Problems: F. Shi et al., "Language models are multilingual chain-of-thought reasoners", arXiv
2210.03057. The convention that the answer stands behind the language's word for it is that of
OpenAI's simple-evals, whose figures are compared with; where the word is missing the reply is wrong
there too. Unlike there, digits of every script and the separators of every language are read.
"""

import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal

__all__ = ["ANSWER_WORDS", "parse_number", "score_number"]

ANSWER_WORDS: Mapping[str, str] = {
    "bn": "উত্তর",
    "de": "Antwort",
    "en": "Answer",
    "es": "Respuesta",
    "fr": "Réponse",
    "ja": "答え",
    "ru": "Ответ",
    "sw": "Jibu",
    "te": "సమాధానం",
    "th": "คำตอบ",
    "zh": "答案",
}
"""The word that a prompt asks the answer to be put behind, by language."""

_POINT_GROUPS = frozenset({"de", "es"})  # languages in which 1.234 is a whole number
_NUMBER = re.compile(
    r"(?:(?<![\d)])-)?"  # a minus between two terms is no sign
    r"(?:\d{1,3}(?:([ \u00a0\u202f'’])\d{3}(?!\d))(?:\1\d{3}(?!\d))*(?:[.,]\d+)?|\d+(?:[.,]\d+)*)"
)
_GROUP_MARKS = re.compile(r"[ \u00a0\u202f'’]")
_LATEX_MARKS = re.compile(r"\\,|\{,\}|\\!")


def parse_number(reply: str, language: str) -> Decimal | None:
    """The last number behind the last answer word of a reply, None if there is none.

    Arguments:
        language: a key of ``ANSWER_WORDS``.
    """
    word = ANSWER_WORDS[language]
    if word not in reply:
        return None
    found = [each.group() for each in _NUMBER.finditer(_plain(reply.rsplit(word, 1)[1]))]
    return _value(found[-1], language) if found else None


def score_number(answer: str, number: Decimal | None) -> float:
    """1 where the number equals the answer of the data, such as ``"2,125"``, else 0."""
    return float(number is not None and number == Decimal(answer.replace(",", "")))


def _plain(text: str) -> str:
    """The text with ASCII digits and minus, and without LaTeX's marks between groups of digits."""
    text = _LATEX_MARKS.sub("", text).replace("\N{MINUS SIGN}", "-")
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def _value(written: str, language: str) -> Decimal:
    digits = _GROUP_MARKS.sub("", written)
    marks = [each for each in digits if each in ".,"]
    if not marks:
        return Decimal(digits)
    whole, _, rest = digits.rpartition(marks[-1])
    # 2,125 is a whole number in every language here, 2.125 only in some
    groups = marks[0] == "," or language in _POINT_GROUPS
    if len(set(marks)) == 1 and (len(marks) > 1 or (groups and _are_thousands(whole, rest))):
        return Decimal(digits.replace(marks[0], ""))
    return Decimal(f"{re.sub(r'[.,]', '', whole)}.{rest}")


def _are_thousands(whole: str, rest: str) -> bool:
    """Whether the digits before and after a mark can be groups of one number."""
    before = whole.lstrip("-")
    return len(rest) == 3 and len(before) <= 3 and not before.startswith("0")
