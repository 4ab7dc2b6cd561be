"""Pictures in prompts: every family puts them where they were shown, and generic templates too."""

from dataclasses import replace

import pytest

from senryu.core import (
    Call,
    Conversation,
    Image,
    Passage,
    Picture,
    Prompt,
    Result,
    Segment,
    Tool,
    Utterance,
)
from senryu.engine.scripted import SCRIPTED_INFO
from senryu.errors import InvalidRequestError
from senryu.families.base import Family
from senryu.families.generic import make
from tests.families.golden import CASES, FAMILIES, family_of

ONE, TWO, THREE = (Image.of(name.encode(), 8, 8) for name in ("one", "two", "three"))
TURNS = (
    Utterance("user", (Passage("first"), Picture(ONE), Picture(TWO), Passage("what is it?"))),
    Utterance("assistant", (Passage("a cat"), Call("c", "look", "{}"))),
    Utterance("user", (Result("c", "look", "saw [1]"), Picture(THREE), Passage("and now?"))),
)
TOOL = Tool("look", "looks", '{"type": "object"}')
INFOS = {case.family_name: case.data.get("info", {}) for case in CASES}
TRIMMING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}<|im_end|>{% endfor %}"
)


def family(template: str) -> Family:
    """The family of a model with this template."""
    return make(replace(SCRIPTED_INFO, name="Other", chat_template=template))


def order(prompt: Prompt, *texts: str) -> list[str | Image]:
    """The pictures of a prompt and, of these texts, each where it is."""
    found: list[str | Image] = []
    for segment in prompt.segments:
        if segment.image is not None:
            assert not segment.text
            found.append(segment.image)
        found += sorted((text for text in texts if text in segment.text), key=segment.text.index)
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_stand_where_they_were_shown(name: str) -> None:
    prompt = family_of(name, INFOS[name]).render(Conversation(TURNS, tools=(TOOL,)))
    found = order(prompt, "first", "what is it?", "a cat", "saw [1]", "and now?")
    expected = ["first", ONE, TWO, "what is it?", "a cat", "saw [1]", THREE, "and now?"]
    assert found == expected
    blocks = sorted(s.block for s in prompt.segments if s.block is not None)
    assert blocks == list(range(len(Conversation(TURNS, tools=(TOOL,)).blocks)))


def test_nothing_stands_around_a_picture() -> None:
    said = Conversation(TURNS[:1])
    segments = family_of("qwen", INFOS["qwen"]).render(said).segments
    at = next(index for index, segment in enumerate(segments) if segment.image)
    assert [(s.text, s.image) for s in segments[at - 1 : at + 3]] == [
        ("first", None),
        ("", ONE),
        ("", TWO),
        ("what is it?", None),
    ]


def test_a_template_sees_no_picture_and_places_it() -> None:
    prompt = family(TRIMMING).render(Conversation(TURNS[:1]))
    text = "".join("<picture>" if s.image else s.text for s in prompt.segments)
    assert text == "<|im_start|>user\nfirst<picture><picture>what is it?<|im_end|>"
    assert [s.image for s in prompt.segments if s.image] == [ONE, TWO]


def test_pictures_stay_where_a_template_changes_the_blocks() -> None:
    shouting = TRIMMING.replace("trim", "upper")
    segments = family(shouting).render(Conversation(TURNS[:1])).segments
    assert [segment.image for segment in segments if segment.image] == [ONE, TWO]
    assert all(segment.block is None for segment in segments)
    assert Segment("FIRST") in [Segment(s.text.rpartition("\n")[2]) for s in segments]


def test_a_template_that_leaves_a_picture_out_is_refused() -> None:
    short = TRIMMING.replace("| trim", "[:6]")
    with pytest.raises(InvalidRequestError):
        family(short).render(Conversation(TURNS[:1]))
