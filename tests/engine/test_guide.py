"""A guide at work: budgets, triggers and matches, over a vocabulary of a few letters."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.core import Constraint, Guide, Reasoning, Segment
from senryu.engine.llama.guide import GuideError, ReplyGuide, Rules, Taken, prepare

# Every byte alone, the two of an accented letter included, and pieces that cut markers anywhere.
LETTERS = [bytes([byte]) for byte in "<>/txa[]c({}01!: é\n".encode()]
PIECES = [
    *(b"<t>", b"<t", b"t>x", b"</", b"/t>", b"x</t>", b"</t>\n", b"[c]", b"[c", b"c]{", b"x["),
    *(b"c]", b"]x", b"1}", b"}x", b"{0", b"\xa9[c]", b"!!", b"(", b"\n(", b"xx", b"a:"),
]
VOCABULARY = list(dict.fromkeys([*LETTERS, *PIECES]))
END = len(VOCABULARY)
STOP = END + 1  # ends a reply too, and may be matched
WORDS = [f"{{{digits}}}" for digits in ("0", "1", "00", "01", "10", "11")]


class Letters:
    """A vocabulary whose text is tokenised byte by byte."""

    bos = None
    add_bos = False

    def piece(self, token: int) -> bytes:
        return [*VOCABULARY, b"<end>", b"<stop>"][token]

    def is_marker(self, token: int) -> bool:
        return token >= END

    def tokenize(self, text: str, *, special: bool, continues: bool = False) -> list[int]:
        return [VOCABULARY.index(bytes([byte])) for byte in text.encode()]


class Words:
    """Matches one of some words and whatever no choice is left about."""

    def __init__(self, words: Iterable[str] = WORDS, *, stops: bool = False) -> None:
        self._words = [word.encode() for word in words]
        self._stops = stops
        self._text = b""
        self.is_complete = False

    def consume(self, tokens: Sequence[int]) -> None:
        for token in tokens:
            if not self.allows(token):
                raise GuideError("not a word")
            self._text += b"" if token == STOP else Letters().piece(token)
            self.is_complete = token == STOP or (not self._stops and self._text in self._words)

    def forced(self) -> list[int]:
        forced: list[int] = []
        text = self._text
        while text not in self._words:
            nexts = {word[len(text) : len(text) + 1] for word in self._words_with(text)}
            if len(nexts) > 1:
                return forced
            text += nexts.pop()
            forced.append(VOCABULARY.index(text[-1:]))
        return [*forced, STOP] if self._stops else forced

    def allows(self, token: int) -> bool:
        if token >= END:
            return self._stops and token == STOP and self._text in self._words
        return bool(self._words_with(self._text + VOCABULARY[token]))

    def mask(self) -> bytes:
        bits = sum(self.allows(token) << token for token in range(STOP + 1))
        return bits.to_bytes(16, "little")

    def _words_with(self, beginning: bytes) -> list[bytes]:
        return [word for word in self._words if word.startswith(beginning)]


REASONING = Reasoning("<t>", "</t>", True, 3, (Segment("!!</t>"),))
CALLS = Constraint("words", triggers=("[c]",))


def begin(guide: Guide, start: Callable[[], Words] = Words) -> tuple[ReplyGuide, Taken]:
    rules = prepare(guide, Letters(), lambda grammar, markers: start)
    at_work = ReplyGuide(rules, Letters(), {END, STOP})
    return at_work, at_work.begin()


def text_of(tokens: Sequence[int]) -> str:
    return b"".join(map(Letters().piece, tokens)).decode()


def ids(*pieces: str) -> list[int]:
    return [VOCABULARY.index(piece.encode()) for piece in pieces]


def say(guide: Guide, *pieces: str, start: Callable[[], Words] = Words) -> tuple[str, str, bool]:
    """A reply in which these pieces are sampled: its text, its reasoning, whether it is done."""
    at_work, taken = begin(guide, start)
    tokens, thinking = list(taken.tokens), list(taken.thinking)
    for piece in pieces:
        assert not taken.is_done
        answer = at_work.take(END if piece == "END" else ids(piece)[0])
        assert answer is not None, piece
        taken = answer
        tokens += taken.tokens
        thinking += taken.thinking
    assert len(tokens) == len(thinking)
    thought = [token for token, is_thinking in zip(tokens, thinking, strict=True) if is_thinking]
    return text_of(tokens), text_of(thought), taken.is_done


# All at once


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    reasoning = dataclasses.replace(
        REASONING, is_open=draw(st.booleans()), max_tokens=draw(st.integers(0, 6))
    )
    opening = draw(st.sampled_from([None, (), (Segment("a:"),), (Segment("<:"),)]))
    grammar = "words" if opening is not None else draw(st.sampled_from(["", "words"]))
    first = draw(st.sampled_from([(), ("(",)]))
    constraint = Constraint(grammar, (), ("[c]",), first, opening, draw(st.booleans()))
    return Guide(
        draw(st.sampled_from([None, reasoning])), draw(st.sampled_from([None, constraint]))
    )


@given(guides(), st.lists(st.integers(0, END), max_size=60))
def test_whatever_is_sampled_the_reply_keeps_to_its_guide(guide: Guide, draws: list[int]) -> None:
    at_work, taken = begin(guide)
    tokens, thinking = list(taken.tokens), list(taken.thinking)
    for drawn in draws:
        for token in [*range(drawn, END + 1), *range(drawn)]:
            matcher = at_work.matcher
            if matcher is None or matcher.mask()[token // 8] >> token % 8 & 1:
                answer = at_work.take(token)
                if answer is not None:
                    break
        else:
            raise AssertionError("nothing was allowed")
        tokens += answer.tokens
        thinking += answer.thinking
        if answer.is_done:
            break
    assert END not in tokens
    text = b"".join(map(Letters().piece, tokens))
    flags = [
        flag for token, flag in zip(tokens, thinking, strict=True) for _ in Letters().piece(token)
    ]
    assert bytes(byte for byte, flag in zip(text, flags, strict=True) if flag) == check(guide, text)
    if guide.reasoning is not None:
        closings = text.count(b"!!</t>") * len(b"!!</t>")
        assert closings <= len(b"!!</t>")
        # The token that ends a section by itself may have been cut into its letters.
        assert sum(thinking) - closings <= guide.reasoning.max_tokens + len(b"</t>")


def check(guide: Guide, text: bytes) -> bytes:
    """Read a whole reply as its guide says; returns the text of its sections."""
    constraint = guide.constraint or Constraint("")
    has_sections = guide.reasoning is not None
    thought, answer, place = b"", b"", 0
    opening = None
    if constraint.opening is not None:
        opening = b"".join(segment.text.encode() for segment in constraint.opening)
    in_section = guide.reasoning is not None and guide.reasoning.is_open
    while place <= len(text):
        rest = text[place:]
        if in_section:
            section, end, _ = rest.partition(b"</t>")
            assert not any(trigger.encode() in section for trigger in constraint.triggers)
            thought += section + end
            place += len(section) + len(end)
            if not end:
                return thought
            in_section = False
            continue
        may_begin = has_sections and (b"<t>".startswith(rest) or rest.startswith(b"<t>"))
        if opening is not None and not may_begin:
            assert rest.startswith(opening) or opening.startswith(rest)
            place += len(opening)
            opening = None
        else:
            markers = [*constraint.triggers, *(["<t>"] if has_sections else [])]
            found = re.search("|".join(map(re.escape, markers)).encode(), rest) if markers else None
            first = re.match(rb"[ \n]*\(", answer + rest) if constraint.first_triggers else None
            if first is not None and not answer.strip():
                end, marker = first.end() - len(answer), b"("
            elif found is not None:
                end, marker = found.end(), found.group()
            else:
                return thought
            place += end
            if marker == b"<t>":
                answer += rest[: end - 3]
                in_section = True
                continue
            assert constraint.grammar
        answer += b"x"  # it has begun
        word = re.match(rb"\{[01]{1,2}\}", text[place:])
        if word is None:
            assert any(each.encode().startswith(text[place:]) for each in WORDS)
            return thought
        place += word.end()
        assert not constraint.once or place == len(text)
    return thought


# Reasoning


@pytest.mark.parametrize("budget", [0, 1, 2, 5])
def test_a_budget_is_kept_to_the_token_and_then_closed(budget: int) -> None:
    guide = Guide(dataclasses.replace(REASONING, max_tokens=budget))
    text, thought, _ = say(guide, *["x"] * (budget + 2))
    assert thought == "x" * budget + "!!</t>"
    assert text == thought + "xx"


def test_a_section_that_ends_by_itself_is_not_closed() -> None:
    guide = Guide(dataclasses.replace(REASONING, max_tokens=4))
    assert say(guide, "x", "</", "t", ">", "x")[:2] == ("x</t>x", "x</t>")


def test_an_end_inside_a_section_closes_it_and_the_reply_goes_on() -> None:
    text, thought, is_done = say(Guide(REASONING), "x", "END", "x")
    assert (text, thought, is_done) == ("x!!</t>x", "x!!</t>", False)
    assert say(Guide(REASONING), "END", "x", "END") == ("!!</t>x", "!!</t>", True)


def test_behind_a_section_something_is_said() -> None:
    for ending in (["END"], ["</", "t", ">"]):
        at_work, _ = begin(Guide(REASONING))
        for piece in ending:
            at_work.take(END if piece == "END" else ids(piece)[0])
        assert at_work.take(END) is None
        at_work.take(ids("\n")[0])
        assert at_work.take(END) is None
        at_work.take(ids("x")[0])
        assert at_work.take(END) is not None


def test_later_sections_share_the_budget() -> None:
    guide = Guide(dataclasses.replace(REASONING, max_tokens=8))
    text, thought, _ = say(guide, "x", "</", "t", ">", "<t>", "x", "x", "x", "x")
    assert text == "x</t><t>xxxx!!</t>"
    assert thought == "x</t>xxxx!!</t>"


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_behind_a_section_that_was_closed_no_other_is_opened(budget: int) -> None:
    at_work, _ = begin(Guide(dataclasses.replace(REASONING, max_tokens=budget)))
    if budget:
        assert at_work.take(ids("x")[0]) is not None
    at_work.take(END)
    for beginning, rest in (("x", "<t>"), ("<", "t>x")):
        assert at_work.take(ids(beginning)[0]) is not None
        assert at_work.take(ids(rest)[0]) is None


def test_a_spent_section_that_is_about_to_end_is_ended_and_not_closed() -> None:
    assert say(Guide(REASONING), "x", "<", "/", "x")[:2] == ("x</t>x", "x</t>")


def test_a_section_may_be_opened_anywhere_and_a_budget_of_none_closes_it_at_once() -> None:
    guide = Guide(dataclasses.replace(REASONING, is_open=False, max_tokens=0))
    assert say(guide, "x", "<", "t>x", "x") == ("x<t>!!</t>x", "!!</t>", False)


def test_no_call_is_made_inside_a_section() -> None:
    refused: list[bytes] = []
    for token, piece in enumerate(VOCABULARY):
        at_work, _ = begin(Guide(REASONING, CALLS))
        for before in ids("[", "c"):
            assert at_work.take(before) is not None
        if at_work.take(token) is None:
            refused.append(piece)
    assert refused == [b"]", b"[c]", b"]x", b"\xa9[c]"]


# Constraints


def test_a_trigger_is_found_across_tokens_and_what_comes_behind_it_is_matched() -> None:
    for spelled in (["[c]"], ["[c", "]"], ["x[", "c]"], ["[", "c", "]x"], ["x[", "c]{"]):
        text, _, is_done = say(Guide(constraint=CALLS), *spelled, "1}", "x")
        assert text == "x" * (spelled[0] == "x[") + "[c]{1}x"
        assert not is_done


def test_calls_follow_one_another_or_the_first_ends_the_reply() -> None:
    twice = ["[c]", "0", "1}", "\n", "[c]", "1}"]
    assert say(Guide(constraint=CALLS), *twice) == ("[c]{01}\n[c]{1}", "", False)
    once = dataclasses.replace(CALLS, once=True)
    assert say(Guide(constraint=once), "[c]", "0", "1") == ("[c]{01}", "", True)


def test_what_a_match_says_is_no_part_of_a_later_marker() -> None:
    constraint = Constraint("words", triggers=("}x",))
    text = say(Guide(constraint=constraint), "x", "}", "x", "1}", "x", "x")[0]
    assert text == "x}x{1}xx"


def test_a_reference_ends_no_reply_and_none_is_made_in_a_section() -> None:
    calls = dataclasses.replace(CALLS, once=True)
    guide = Guide(REASONING, calls, references=Constraint("numbers", triggers=("a:",)))
    said = ["a:", "x</t>", "a:", "0", "1", "x", "[c]", "1", "0"]
    assert say(guide, *said) == ("a:x</t>a:{01}x[c]{10}", "a:x</t>", True)


def test_without_a_grammar_no_trigger_is_completed() -> None:
    at_work, _ = begin(Guide(constraint=Constraint("", triggers=("[c]",), first_triggers=("(",))))
    assert at_work.take(ids("(")[0]) is None
    assert at_work.take(ids("\n(")[0]) is None
    assert at_work.take(ids("x[")[0]) is not None
    assert at_work.take(ids("c]")[0]) is None
    assert at_work.take(ids("c")[0]) is not None
    assert at_work.take(ids("(")[0]) is not None


def test_a_trigger_in_a_token_that_begins_inside_a_character_is_refused() -> None:
    constraint = dataclasses.replace(CALLS, triggers=("[c",))
    at_work, _ = begin(Guide(constraint=constraint))
    assert at_work.take(VOCABULARY.index(b"\xc3")) is not None
    assert at_work.take(VOCABULARY.index(b"\xa9[c]")) is None


def test_a_first_trigger_counts_where_the_answer_begins() -> None:
    guide = Guide(REASONING, Constraint("words", first_triggers=("(",)))
    assert say(guide, "(", "END", "\n", "(", "1}", "(", "x")[0] == "(!!</t>\n({1}(x"
    assert say(guide, "END", "x", "(", "x")[0] == "!!</t>x(x"
    again = say(guide, "</", "t", ">", "<t>", "\n(", "1}")
    assert again[0] == "</t><t>!!</t>\n({1}"


def test_an_answer_can_be_made_to_begin_with_something() -> None:
    constraint = Constraint("words", opening=(Segment("a:"),), once=True)
    assert say(Guide(constraint=constraint), "1}") == ("a:{1}", "", True)
    assert say(Guide(REASONING, constraint), "x", "x", "x", "1}") == (
        "xxx!!</t>a:{1}",
        "xxx!!</t>",
        True,
    )
    assert say(Guide(REASONING, constraint), "x</t>", "1}")[0] == "x</t>a:{1}"
    assert say(Guide(REASONING, constraint), "</t>\n", "1}")[0] == "</t>a:{1}"


def test_a_section_may_begin_before_what_the_answer_is_made_to_begin_with() -> None:
    reasoning = dataclasses.replace(REASONING, is_open=False)
    for opening in ("a:", "", "<:"):
        segments = (Segment(opening),) if opening else ()
        guide = Guide(reasoning, Constraint("words", opening=segments, once=True))
        for spelled in (["<t>"], ["<t"], ["<", "t>x"] if opening == "<:" else ["<"]):
            text, thought, _ = say(guide, *spelled, "x", "END", "1}")
            assert (text, thought) == (f"<t>x!!</t>{opening}{{1}}", "x!!</t>")
        for instead in (["x"], ["END"], ["<", "x"] if opening == "<:" else ["xx"]):
            assert say(guide, *instead, "1}") == (f"{opening}{{1}}", "", True)
    none = Guide(
        dataclasses.replace(reasoning, max_tokens=0), Constraint("words", opening=(Segment("a:"),))
    )
    assert say(none, "1}")[0] == "a:{1}"


def test_what_leaves_no_choice_is_put_there() -> None:
    guide = Guide(constraint=Constraint("words", opening=(), once=True))
    assert say(guide, start=lambda: Words(["{01}"])) == ("{01}", "", True)
    assert say(guide, "0", start=lambda: Words(["{01}", "{11}", "{10}"])) == ("{01}", "", True)


def test_a_token_that_ends_a_reply_may_be_matched_and_is_no_part_of_it() -> None:
    guide = Guide(constraint=Constraint("words", opening=()))
    assert say(guide, start=lambda: Words(["{01}"], stops=True)) == ("{01}", "", True)
    at_work, taken = begin(guide, lambda: Words(["{0", "{01"], stops=True))
    assert text_of(taken.tokens) == "{0"
    answer = at_work.take(STOP)
    assert answer == Taken([], [], is_done=True)


def test_a_match_that_cannot_go_on_says_so() -> None:
    at_work, _ = begin(Guide(constraint=Constraint("words", opening=())))
    with pytest.raises(GuideError):
        at_work.take(ids("x")[0])


# Preparing


def test_texts_become_tokens_and_a_grammar_is_compiled_with_its_markers() -> None:
    compiled: list[tuple[str, Sequence[str]]] = []

    def compile_grammar(grammar: str, markers: Sequence[str]) -> Callable[[], Words]:
        compiled.append((grammar, markers))
        return Words

    constraint = Constraint("words", ("<stop>",), opening=(Segment("a"), Segment(":")))
    guide = Guide(REASONING, constraint)
    rules = prepare(guide, Letters(), compile_grammar)
    assert compiled == [("words", ("<stop>",))]
    closing, opening = ids("!", "!", "<", "/", "t", ">"), ids("a", ":")
    assert rules == Rules(guide, tuple(closing), tuple(opening), Words)


def test_nothing_is_compiled_where_nothing_may_be_matched() -> None:
    def compile_grammar(grammar: str, markers: Sequence[str]) -> Callable[[], Words]:
        raise AssertionError

    guide = Guide(constraint=Constraint("", triggers=("[c]",)))
    assert prepare(guide, Letters(), compile_grammar) == Rules(guide)
