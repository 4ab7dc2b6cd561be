"""A model file's chat template, run in a sandbox and split into segments.

The template sees only strings. User-controlled text is protected with a mark before rendering, so
what it spells never matches a marker; the template's own markers become special segments.
"""

import re
from datetime import date
from itertools import chain
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from senryu.core import EngineInfo, Prompt, Segment, Utterance

__all__ = ["ChatTemplate", "TemplateRefusedError"]

# Prompts must be the same bytes every day, or no prefix would ever be found in a cache again.
_FIXED_DATE = date(2026, 1, 1)
_MAX_OVERHEAD = 1_000_000  # characters that a template may add to the conversation
# A template is a program from a model file: what goes wrong in it is its refusal too.
_PROGRAM_ERRORS = (
    TemplateError,
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    RecursionError,
)
_MARKS = [chr(code) for code in range(0xFDD0, 0xFDF0)]  # noncharacters, never in real text


class TemplateRefusedError(Exception):
    """The template cannot render these utterances."""


class ChatTemplate:
    """A compiled template and the markers of the model that it belongs to.

    Raises:
        TemplateRefusedError: the source does not compile.
    """

    def __init__(self, source: str, info: EngineInfo) -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        helpers: dict[str, Any] = {
            "raise_exception": _refuse,
            "strftime_now": _FIXED_DATE.strftime,
        }
        try:
            self._template = environment.from_string(source, globals=helpers)
        except TemplateError as error:
            raise TemplateRefusedError(str(error)) from None
        self._info = info
        longest_first = sorted(filter(None, info.special_tokens), key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def render(self, utterances: tuple[Utterance, ...]) -> Prompt:
        """The prompt that asks for an assistant turn after these utterances.

        Raises:
            TemplateRefusedError: the template cannot express them.
        """
        mark = _unused_mark(utterances)
        messages = [
            {"role": utterance.role, "content": self._protect(utterance.text, mark)}
            for utterance in utterances
        ]
        limit = _MAX_OVERHEAD + 2 * sum(len(message["content"]) for message in messages)
        return self._split(self._run(messages, limit), mark)

    def _run(self, messages: list[dict[str, str]], limit: int) -> str:
        parts: list[str] = []
        length = 0
        try:
            for part in self._template.generate(
                messages=messages,
                add_generation_prompt=True,
                bos_token=self._info.bos,
                eos_token=self._info.eos,
            ):
                parts.append(part)
                length += len(part)
                if length > limit:
                    raise TemplateRefusedError("its output has no bound")
        except _PROGRAM_ERRORS as error:
            raise TemplateRefusedError(str(error)) from None
        return "".join(parts)

    def _protect(self, text: str, mark: str) -> str:
        """Put the mark into every spelled marker, and inside both ends of the text.

        The ends keep text from completing a marker together with its neighbours. They stay inside
        the outermost visible characters, so a template that trims still can.
        """
        marked = self._special.sub(lambda found: found[0][0] + mark + found[0][1:], text)
        body = marked.strip()
        if not body:
            return marked
        start = marked.index(body)
        inner = body[0] + mark + body[1:-1] + mark + body[-1] if len(body) > 1 else body + mark
        return marked[:start] + inner + marked[start + len(body) :]

    def _split(self, rendered: str, mark: str) -> Prompt:
        texts = self._special.split(rendered)
        markers = self._special.findall(rendered)
        segments = chain.from_iterable(
            (Segment(text.replace(mark, "")), Segment(marker, special=True))
            for text, marker in zip(texts, [*markers, ""], strict=True)
        )
        kept = [segment for segment in segments if segment.text]
        if self._info.add_bos and kept and kept[0] == Segment(self._info.bos, special=True):
            del kept[0]  # the engine adds it
        return Prompt(tuple(kept))


def _refuse(message: Any = "") -> NoReturn:
    raise TemplateError(str(message))


def _unused_mark(utterances: tuple[Utterance, ...]) -> str:
    for mark in _MARKS:
        if all(mark not in utterance.text for utterance in utterances):
            return mark
    raise TemplateRefusedError("the text uses every Unicode noncharacter")
