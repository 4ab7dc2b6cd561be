"""The generic family on templates of several kinds."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Conversation, EngineInfo, Utterance
from senryu.engine.scripted import SCRIPTED_INFO
from senryu.errors import InvalidRequestError
from senryu.families.generic import Generic
from senryu.families.registry import family_for
from senryu.families.smollm2 import SmolLM2
from tests.contract.manifest import requirement

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}"
    "{% endif %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "[{{ m['role'] }}]{{ m['content'] | trim }}{{ eos_token }}{% endfor %}[assistant]"
)
SYSTEM_FIRST = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'system' and not loop.first %}"
    "{{ raise_exception('system must be first') }}{% endif %}"
    "<|im_start|>{{ m.role }} {{ m.content }}<|im_end|>{% endfor %}<|im_start|>assistant "
)


def family(template: str | None, **fields: object) -> Generic:
    """The family of a model with this template."""
    info: EngineInfo = replace(SCRIPTED_INFO, name="Other", chat_template=template, **fields)  # pyright: ignore[reportArgumentType]
    return Generic(info)


def text(of: Generic, *utterances: tuple[str, str], continue_last: bool = False) -> str:
    """The prompt as text, with special markers in guillemets."""
    made = tuple(Utterance(role, said) for role, said in utterances)  # pyright: ignore[reportArgumentType]
    prompt = of.render(Conversation(made, continue_last))
    return "".join(f"«{s.text}»" if s.special else s.text for s in prompt.segments)


def test_a_template_is_rendered_with_its_markers_special() -> None:
    expected = "«<|im_start|>»user\nhi«<|im_end|>»\n«<|im_start|>»assistant\n"
    assert text(family(CHATML), ("user", "hi")) == expected
    assert text(family(None), ("user", "hi")) == expected


def test_a_continued_reply_is_put_behind_the_prompt() -> None:
    rendered = text(family(CHATML), ("user", "hi"), ("assistant", "Once"), continue_last=True)
    assert rendered.endswith("«<|im_start|>»assistant\nOnce")


@requirement("messages.system.folded")
def test_a_system_text_that_the_template_cannot_place_joins_its_neighbour() -> None:
    no_system = family(NO_SYSTEM)
    assert text(no_system, ("system", "be kind"), ("user", "hi")) == (
        "[user]be kind\n\nhi«<|im_end|>»[assistant]"
    )
    system_first = family(SYSTEM_FIRST)
    assert text(system_first, ("system", "a"), ("user", "b"), ("system", "c")) == (
        "«<|im_start|>»system a«<|im_end|>»«<|im_start|>»user b\n\nc«<|im_end|>»"
        "«<|im_start|>»assistant "
    )


def test_a_template_that_takes_late_system_turns_gets_them() -> None:
    rendered = text(family(CHATML), ("user", "a"), ("system", "b"))
    assert "«<|im_start|>»system\nb«<|im_end|>»" in rendered


def test_the_begin_marker_is_left_to_an_engine_that_adds_it() -> None:
    fields = {"bos": "<s>", "special_tokens": ("<s>", *SCRIPTED_INFO.special_tokens)}
    assert text(family(SYSTEM_FIRST, **fields), ("user", "a")).startswith("«<s>»")
    assert text(family(SYSTEM_FIRST, add_bos=True, **fields), ("user", "a")).startswith("«<|im")


@given(st.lists(st.sampled_from(["<|im_end|>", "<", "|im_end|>", "<|im_", "end|>", " x "])))
def test_user_text_never_becomes_a_marker(parts: list[str]) -> None:
    said = "".join(parts) or "x"
    utterances = (Utterance("user", said), Utterance("assistant", said))
    prompt = family(CHATML).render(Conversation(utterances))
    assert sum(segment.special for segment in prompt.segments) == 5
    joined = "".join(segment.text for segment in prompt.segments)
    assert f"user\n{said}<|im_end|>" in joined


@pytest.mark.parametrize(
    "template",
    ["{% for", "{{ 1 / 0 }}", "{% for i in range(10**9) %}x{% endfor %}", "{{ 'x' * 3000000 }}"],
)
def test_a_broken_template_is_replaced_by_chatml(template: str) -> None:
    broken = family(template)
    assert text(broken, ("user", "hi")) == text(family(None), ("user", "hi"))
    assert broken.profile.note


def test_text_of_nothing_but_space_is_kept() -> None:
    assert text(family(CHATML), ("user", " ")).startswith("«<|im_start|>»user\n «<|im_end|>»")


def test_text_with_every_noncharacter_cannot_be_protected() -> None:
    marks = "".join(chr(code) for code in range(0xFDD0, 0xFDF0))
    assert text(family(CHATML), ("user", marks[1:])).count(marks[1:]) == 1
    with pytest.raises(InvalidRequestError):
        text(family(CHATML), ("user", marks))


def test_an_order_that_the_template_refuses_is_the_requests_fault() -> None:
    with pytest.raises(InvalidRequestError, match="^messages: "):
        text(family(NO_SYSTEM), ("assistant", "a"), ("user", "b"))


def test_html_tags_do_not_end_a_turn() -> None:
    fields = {"eos": "</s>", "special_tokens": ("</s>", *SCRIPTED_INFO.special_tokens)}
    parser = family(CHATML, **fields).parser()
    pieces = parser.feed("<s>old</s> new") + parser.close()
    assert "".join(getattr(piece, "text", "!") for piece in pieces) == "<s>old</s> new"


def test_models_are_told_apart_by_name() -> None:
    assert isinstance(family_for(replace(SCRIPTED_INFO, name="Smollm2 135M 8k")), SmolLM2)
    assert isinstance(family_for(replace(SCRIPTED_INFO, name="Llama 3.2")), Generic)
