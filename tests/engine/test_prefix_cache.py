"""The radix cache against the naive one, under the same random traffic."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.engine.llama.cache import Entry, PrefixCache
from senryu.engine.llama.naive_cache import NaiveCache
from senryu.engine.llama.prefix_cache import RadixCache
from senryu.engine.llama.slots import Slots

NUM_SEQS = 8

TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=12)
NAMESPACES = st.sampled_from(["a", "b"])
TRAFFIC = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), NAMESPACES, TOKENS, st.sampled_from([0.0, 5.0])),
        st.tuples(st.just("lookup"), NAMESPACES, TOKENS),
        st.tuples(st.just("evict"), st.sampled_from([1.0, 9.0])),
    ),
    max_size=40,
)


@dataclass
class Side:
    """One cache over memory of its own, and the tokens that each sequence really holds."""

    cache: PrefixCache
    slots: Slots
    held: dict[int, list[int]] = field(default_factory=dict[int, list[int]])

    def insert(self, namespace: str, tokens: list[int], pinned_until: float) -> None:
        if not self.slots.num_free_seqs:
            self.evict(0.0)
        hit = self.cache.lookup(namespace, tokens)
        seq = self.slots.acquire()
        length = hit.length if hit else 0
        if hit:
            self.slots.share(hit.entry.seq, seq, length)
        self.slots.grow(seq, len(tokens) - length)
        self.held[seq] = list(tokens)
        self.cache.insert(namespace, tokens, seq, pinned_until=pinned_until)

    def lookup(self, namespace: str, tokens: list[int]) -> int:
        hit = self.cache.lookup(namespace, tokens)
        if hit is None:
            return 0
        assert hit.entry.namespace == namespace
        assert self.held[hit.entry.seq][: hit.length] == tokens[: hit.length]
        return hit.length

    def evict(self, now: float) -> Entry | None:
        entry = self.cache.next_victim(now)
        if entry is not None:
            self.cache.take(entry)
            self.slots.release(entry.seq)
        return entry

    def audit(self) -> None:
        self.slots.audit()
        self.cache.audit()
        assert self.cache.seqs == self.slots.seqs


def side(kind: type[RadixCache] | type[NaiveCache], *, cuttable: bool = True) -> Side:
    slots = Slots(NUM_SEQS * 12, NUM_SEQS)
    return Side(kind(slots, cuttable=cuttable), slots)


@given(traffic=TRAFFIC, cuttable=st.booleans())
def test_without_evictions_both_caches_answer_alike(
    traffic: list[tuple[str, str, list[int], float]], cuttable: bool
) -> None:
    radix, naive = side(RadixCache, cuttable=cuttable), side(NaiveCache, cuttable=cuttable)
    for action in traffic:
        if action[0] == "insert":
            if not radix.slots.num_free_seqs or not naive.slots.num_free_seqs:
                return
            radix.insert(*action[1:])
            naive.insert(*action[1:])
        elif action[0] == "lookup":
            assert radix.lookup(*action[1:3]) == naive.lookup(*action[1:3])
        radix.audit()
        naive.audit()
    assert radix.cache.num_tokens <= naive.cache.num_tokens


@given(traffic=TRAFFIC, cuttable=st.booleans())
def test_evictions_never_leave_a_wrong_hit_or_a_lost_cell(
    traffic: list[tuple[str, str, list[int], float]], cuttable: bool
) -> None:
    for kind in (RadixCache, NaiveCache):
        one = side(kind, cuttable=cuttable)
        for action in traffic:
            if action[0] == "insert":
                one.insert(*action[1:])
            elif action[0] == "lookup":
                one.lookup(*action[1:3])
            else:
                now = float(action[1])
                pins = [entry.pinned_until > now for entry in one.cache.entries()]
                victim = one.evict(now)
                assert victim is None or victim.pinned_until <= now or all(pins)
            one.audit()
        while one.evict(0.0):
            one.audit()
        assert one.slots.num_used_cells == 0


@pytest.mark.parametrize("kind", [RadixCache, NaiveCache])
def test_the_entry_used_longest_ago_goes_first(kind: type[RadixCache] | type[NaiveCache]) -> None:
    one = side(kind)
    for first in (0, 1, 2):
        one.insert("a", [first, 7], 0.0)
    assert one.lookup("a", [0, 7, 8]) == 2
    victim = one.evict(0.0)
    assert victim is not None
    assert victim.tokens.tolist() == [1, 7]


def test_common_prefixes_are_counted_once() -> None:
    one = side(RadixCache)
    one.insert("a", [1, 2, 3, 4], 0.0)
    one.insert("a", [1, 2, 3, 5], 0.0)
    assert one.cache.num_tokens == 5
    assert one.slots.num_used_cells == 5
    assert one.slots.num_shared_cells == 3


def test_only_whole_entries_are_hit_where_memory_cannot_be_cut() -> None:
    one = side(RadixCache, cuttable=False)
    one.insert("a", [1, 2], 0.0)
    one.insert("a", [1, 2, 3, 4], 0.0)
    assert one.lookup("a", [1, 2, 3, 9]) == 2
    assert one.lookup("a", [1, 2, 3, 4, 5]) == 4
    assert one.lookup("a", [1, 9]) == 0
