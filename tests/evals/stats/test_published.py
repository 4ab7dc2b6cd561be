"""Which published figures can come from how many items and runs."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.stats import can_be_mean, counts_giving, nearest_count
from tests.contract.manifest import requirement


def rounded(share: Fraction, places: int, rounding: str) -> str:
    """A share as a percentage."""
    percent = 100 * share
    exact = Decimal(percent.numerator) / Decimal(percent.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-places), rounding))


@requirement("evals.published")
@pytest.mark.parametrize(
    ("figure", "num_trials", "count"),
    # the card of Claude Haiku 4.5: benchmark, items times runs times trials
    [
        ("73.3", 500 * 50, 18325),  # SWE-bench Verified
        ("63.6", 50 * 10, 318),  # tau2-bench airline
        ("83.0", 114 * 10, 946),  # tau2-bench telecom
        ("80.7", 30 * 10 * 16, 3874),  # AIME 2025 without tools
        ("73.0", 198 * 10, 1445),  # GPQA Diamond
        ("73.2", 900 * 10, 6588),  # MMMU validation
        ("40.21", 80 * 6, 193),  # Terminal-Bench without thinking
        ("41.75", 80 * 5, 167),  # Terminal-Bench with thinking
    ],
)
def test_the_cards_figures_can_come_from_its_benchmarks(
    figure: str, num_trials: int, count: int
) -> None:
    assert count in counts_giving(figure, num_trials)


@requirement("evals.published")
def test_another_number_of_items_is_found_out() -> None:
    # Terminal-Bench 2 has 89 tasks: 215 of 534 are 40.26, 186 of 445 are 41.80
    assert not counts_giving("40.21", 89 * 6)
    assert nearest_count("40.21", 89 * 6) == 215
    assert not counts_giving("41.75", 89 * 5)
    assert nearest_count("41.75", 89 * 5) == 186


@requirement("evals.published")
def test_a_mean_of_arms_is_told_from_a_pooled_one() -> None:
    # 193 / 480 and 167 / 400 are 40.98 on the average of the arms and 40.91 on that of all runs
    assert can_be_mean("40.98", [480, 400])
    assert 360 not in counts_giving("40.98", 880)
    assert counts_giving("40.91", 880) == range(360, 361)


@requirement("evals.published")
@given(st.integers(1, 3000), st.integers(0, 3), st.data())
def test_every_figure_of_whole_numbers_is_accepted(
    num: int, places: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, num))
    for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
        assert count in counts_giving(rounded(Fraction(count, num), places, rounding), num)


@requirement("evals.published")
@given(st.integers(1, 200), st.integers(0, 1000))
def test_what_is_accepted_is_what_rounds_to_the_figure(num: int, tenths: int) -> None:
    figure = str(Decimal(tenths).scaleb(-1))
    giving = {
        count
        for count in range(num + 1)
        for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN, "ROUND_HALF_DOWN")
        if rounded(Fraction(count, num), 1, rounding) == figure
    }
    assert set(counts_giving(figure, num)) == giving
    nearest = nearest_count(figure, num)
    assert not giving or nearest in giving


@requirement("evals.published")
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.sampled_from([None, 0, 1]),
    st.integers(0, 3),
    st.data(),
)
def test_every_mean_of_parts_is_accepted(
    sizes: list[int], places: int | None, digits: int, data: st.DataObject
) -> None:
    shares = [Fraction(data.draw(st.integers(0, size)), size) for size in sizes]
    if places is not None:
        shares = [Fraction(rounded(each, places, ROUND_HALF_EVEN)) / 100 for each in shares]
    mean = sum(shares, Fraction(0)) / len(shares)
    assert can_be_mean(rounded(mean, digits, ROUND_HALF_EVEN), sizes, places=places)


@requirement("evals.published")
@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_runs_of_one_size_are_their_pool(num_items: int, num_runs: int, tenths: int) -> None:
    figure = str(Decimal(tenths).scaleb(-1))
    pooled = bool(counts_giving(figure, num_items * num_runs))
    assert can_be_mean(figure, [num_items] * num_runs) == pooled


@requirement("evals.published")
def test_a_part_between_two_roundings_may_be_either() -> None:
    # of 8 trials: 0, 12.5, 25, ...
    assert [can_be_mean(figure, [8], places=0) for figure in ("12", "13", "14")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize("figure", ["", "63,6", "63.6%", "NaN", "-1", "100.1", "Infinity"])
def test_what_is_no_percentage_is_refused(figure: str) -> None:
    with pytest.raises(ValueError, match="percentage"):
        counts_giving(figure, 10)


def test_what_cannot_be_looked_through_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        can_be_mean("50.0", [9973, 9967, 9949])
    with pytest.raises(ValueError, match="at least one"):
        can_be_mean("50.0", [])
    with pytest.raises(ValueError, match="0 trials"):
        counts_giving("50.0", 0)
