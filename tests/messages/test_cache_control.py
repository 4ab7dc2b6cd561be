"""Breakpoints to cache points, and what the cache did to a bill."""

from hypothesis import given
from hypothesis import strategies as st

from senryu.core import CachePoint, CacheUse, Conversation, Passage, TokenUsage, Utterance
from senryu.messages.cache_control import CacheRules, bill, cache_points
from tests.contract.manifest import requirement

SHORT, LONG = 300, 3600
ANY_LENGTH = CacheRules(min_tokens=1)


def said(*lifetimes: int | None) -> Conversation:
    """A conversation of passages with these lifetimes."""
    passages = tuple(Passage("x", lifetime) for lifetime in lifetimes)
    return Conversation((Utterance("user", passages),))


def points(
    *lifetimes: int | None, automatic_s: int | None = None, rules: CacheRules = ANY_LENGTH
) -> tuple[CachePoint, ...]:
    """The points of a prompt with ten tokens a passage."""
    ends = tuple(10 * (index + 1) for index in range(len(lifetimes)))
    return cache_points(said(*lifetimes), ends, automatic_s=automatic_s, rules=rules)


@requirement("caching.breakpoints")
def test_a_breakpoint_is_the_end_of_its_block_and_looks_at_the_ends_before() -> None:
    assert points(None, LONG, None, SHORT, None) == (
        CachePoint(20, LONG, (10,)),
        CachePoint(40, SHORT, (30, 20, 10)),
    )


@requirement("caching.lookback")
def test_twenty_block_ends_are_tried_the_breakpoints_own_being_the_first() -> None:
    (point,) = points(*[None] * 29, SHORT)
    assert point.position == 300
    assert point.lookback == tuple(range(290, 100, -10))
    assert len(point.lookback) == 19


@requirement("caching.lookback")
def test_the_pages_of_a_document_are_one_block() -> None:
    pages = [Passage("x", goes_on=True)] * 30
    said_last = Utterance("user", (Passage("x"), *pages, Passage("x", SHORT)))
    ends = tuple(range(10, 330, 10))
    (point,) = cache_points(Conversation((said_last,)), ends, automatic_s=None, rules=ANY_LENGTH)
    assert point == CachePoint(320, SHORT, (10,))


@requirement("caching.automatic")
def test_an_automatic_breakpoint_is_at_the_last_block() -> None:
    assert [p.position for p in points(None, None, automatic_s=SHORT)] == [20]
    assert points(SHORT, None, automatic_s=LONG)[-1] == CachePoint(20, LONG, (10,))
    assert points(None, SHORT, automatic_s=SHORT) == points(None, SHORT)


@requirement("caching.minimum")
def test_what_is_below_the_minimum_is_passed_over() -> None:
    rules = CacheRules(min_tokens=25)
    assert points(SHORT, SHORT, SHORT, SHORT, rules=rules) == (
        CachePoint(30, SHORT, ()),
        CachePoint(40, SHORT, (30,)),
    )
    assert points(SHORT, rules=CacheRules()) == ()


def test_a_prompt_whose_blocks_are_not_known_has_no_points() -> None:
    assert cache_points(said(SHORT, SHORT), (), automatic_s=SHORT, rules=ANY_LENGTH) == ()
    assert cache_points(said(SHORT, SHORT), (5,), automatic_s=SHORT, rules=ANY_LENGTH) == ()


def billed(
    use: CacheUse, *of: tuple[int, int], report_implicit: bool = False
) -> tuple[int, int, int, int]:
    """Input, read, written for an hour and for five minutes, of a prompt of a hundred tokens."""
    made = tuple(CachePoint(position, lifetime) for position, lifetime in of)
    usage = bill(100, made, use, rules=CacheRules(report_implicit=report_implicit))
    return (
        usage.uncached_input,
        usage.cache_read,
        usage.cache_written_1h,
        usage.cache_written_5m,
    )


@requirement("caching.usage")
def test_tokens_are_billed_by_the_three_positions() -> None:
    mixed = ((20, LONG), (50, LONG), (80, SHORT))
    assert billed(CacheUse()) == (100, 0, 0, 0)
    assert billed(CacheUse(), (80, SHORT)) == (20, 0, 0, 80)
    assert billed(CacheUse(), *mixed) == (20, 0, 50, 30)
    assert billed(CacheUse(20, 20), *mixed) == (20, 20, 30, 30)
    assert billed(CacheUse(60, 60), *mixed) == (20, 60, 0, 20)
    assert billed(CacheUse(80, 80), *mixed) == (20, 80, 0, 0)


@requirement("caching.implicit")
def test_a_hit_nobody_asked_for_is_plain_input_unless_the_operator_wants_it_told() -> None:
    assert billed(CacheUse(cached=99)) == (100, 0, 0, 0)
    assert billed(CacheUse(cached=99), report_implicit=True) == (1, 99, 0, 0)
    assert billed(CacheUse(90, 20), (50, LONG)) == (50, 20, 30, 0)
    assert billed(CacheUse(30, 20), (50, LONG), report_implicit=True) == (50, 30, 20, 0)


POINTS = st.lists(
    st.builds(CachePoint, st.integers(1, 100), st.sampled_from([SHORT, LONG])), max_size=4
)


@requirement("caching.usage")
@given(POINTS, st.integers(0, 99), st.booleans(), st.data())
def test_a_bill_always_adds_up(
    made: list[CachePoint], cached: int, told: bool, data: st.DataObject
) -> None:
    positions = [0, *(point.position for point in made)]
    use = CacheUse(cached, data.draw(st.sampled_from(positions)))
    usage: TokenUsage = bill(100, tuple(made), use, rules=CacheRules(report_implicit=told))
    counts = (usage.cache_read, usage.cache_written_1h, usage.cache_written_5m)
    assert all(count >= 0 for count in (*counts, usage.uncached_input))
    assert usage.uncached_input + sum(counts) == usage.prompt == 100
    assert usage.cache_read + usage.cache_written_1h + usage.cache_written_5m >= max(positions)
