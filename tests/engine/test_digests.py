"""Names of prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.digests import prefix_digests

NAMESPACES = st.text(max_size=6)
TOKENS = st.lists(st.integers(0, 2**31 - 1), max_size=12)


@given(st.lists(st.tuples(NAMESPACES, TOKENS), min_size=2, max_size=6, unique_by=repr))
def test_two_prefixes_or_namespaces_never_share_a_name(owned: list[tuple[str, list[int]]]) -> None:
    wanted = {
        (owner, tuple(tokens[:end])) for owner, tokens in owned for end in range(len(tokens) + 1)
    }
    names = {
        name
        for owner, tokens in owned
        for name in prefix_digests(owner, tokens, range(len(tokens) + 1))
    }
    assert len(names) == len(wanted)


@given(NAMESPACES, TOKENS, TOKENS)
def test_a_name_depends_on_nothing_behind_its_prefix(
    owner: str, tokens: list[int], more: list[int]
) -> None:
    (alone,) = prefix_digests(owner, tokens, [len(tokens)])
    *_, among_others = prefix_digests(owner, tokens + more, range(len(tokens) + 1))
    assert alone == among_others
    assert len(alone) == 64


def test_tokens_that_spell_the_end_of_a_namespace_do_not_pass_for_it() -> None:
    (long,) = prefix_digests("ab" + "\x01\0\0\0", [], [0])
    (short,) = prefix_digests("ab", [1], [1])
    assert long != short


@pytest.mark.parametrize("ends", [[2, 1], [4], [-1]])
def test_ends_outside_of_the_tokens_are_refused(ends: list[int]) -> None:
    with pytest.raises(ValueError, match="is not between"):
        prefix_digests("", [1, 2, 3], ends)
