"""The bounded memory against the obvious one: a list in the order of use."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.bounded import Bounded

MAX_COST = 10
ACTIONS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.none() | st.integers(1, 12))
)


@given(ACTIONS)
def test_it_keeps_what_was_used_last_within_its_bound(
    actions: list[tuple[str, int, int | None]],
) -> None:
    bounded: Bounded[int, int] = Bounded(MAX_COST)
    kept: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for workspace, key, cost in actions:
        mine = kept[workspace]
        known = next((entry for entry in mine if entry[0] == key), None)
        if cost is None:
            found = bounded.get(workspace, key)
            assert found == (None if known is None else known[1])
            if known:
                mine.remove(known)
                mine.append(known)
        else:
            bounded.keep(workspace, key, cost, cost=cost)
            if not known and cost <= MAX_COST:
                mine.append((key, cost))
                while sum(entry[1] for entry in mine) > MAX_COST:
                    del mine[0]
    for workspace, mine in kept.items():
        assert [bounded.get(workspace, key) for key, _ in mine] == [cost for _, cost in mine]
