"""Statistics, comparisons and goals of benchmark figures."""

import pytest

from benchmarks.api_layer import layer_workloads
from benchmarks.client import BadAnswerError, Reply
from benchmarks.edits import edits_workload
from benchmarks.engine_layer import engine_workloads
from benchmarks.figures import Goal, Metric, Spread, compare, is_met, percentile, spread
from benchmarks.restart import restart_workload
from benchmarks.sharing import sharing_workloads
from benchmarks.workloads import Sizes, gaps, serving_workloads, startup_workload, steady_rate

RATIO = Metric("decode_1", "decode", "tokens/s", "higher")
DIFFERENCE = Metric("api_p50", "latency", "ms", "lower", comparison="difference")


def test_a_spread_is_median_least_and_greatest() -> None:
    assert spread([5.0, 1.0, 3.0]) == Spread(3.0, 1.0, 5.0)
    assert spread([]) is None


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_occurred(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == value


def test_comparisons_are_taken_pair_by_pair() -> None:
    # The medians' ratio would be 1: only the pairs show that each run was half or twice the other.
    assert compare(RATIO, [10.0, 20.0, 40.0], [20.0, 40.0, 20.0]) == Spread(0.5, 0.5, 2.0)
    assert compare(DIFFERENCE, [3.0, 5.0], [1.0, 1.0]) == Spread(3.0, 2.0, 4.0)


def test_a_run_without_its_partner_is_not_compared() -> None:
    assert compare(RATIO, [10.0, 20.0], [20.0]) == Spread(0.5, 0.5, 0.5)
    assert compare(RATIO, [10.0], []) is None


def test_a_goal_judges_the_median_of_what_it_names() -> None:
    value, comparison = Spread(120.0, 90.0, 200.0), Spread(0.96, 0.9, 1.0)
    share = Goal(0.95, of="ratio", at_least=True)
    assert is_met(Goal(150.0), value=value, comparison=None) is True
    assert is_met(share, value=value, comparison=comparison) is True
    assert is_met(share, value=value, comparison=Spread(0.94, 0.9, 1.0)) is False
    assert is_met(share, value=value, comparison=None) is None


def test_the_steady_rate_counts_only_while_all_streams_run() -> None:
    early = Reply(0.0, arrivals=[1.0, 2.0, 3.0, 4.0], output_tokens=4)
    late = Reply(0.0, arrivals=[2.0, 3.0, 4.0, 5.0], output_tokens=8)  # two tokens an event
    # From 2 (both have begun) to 4 (one ends): two events of each.
    assert steady_rate([early, late]) == (2 * 1 + 2 * 2) / 2


def test_streams_that_follow_one_another_have_no_steady_rate() -> None:
    first = Reply(0.0, arrivals=[1.0, 2.0], output_tokens=2)
    second = Reply(0.0, arrivals=[3.0, 4.0], output_tokens=2)
    with pytest.raises(BadAnswerError, match="did not overlap"):
        steady_rate([first, second])


def test_a_gap_that_begins_in_the_interval_counts_whole() -> None:
    reply = Reply(0.0, arrivals=[1.0, 2.0, 9.0, 9.5])
    assert gaps(reply, 1.5, 3.0) == [1.0, 7.0]


def test_metric_ids_are_unique() -> None:
    sizes = Sizes()
    workloads = (
        startup_workload(),
        *serving_workloads(sizes),
        *sharing_workloads(sizes),
        restart_workload(sizes.restart),
        edits_workload(sizes.edits, is_drafting=False),
        edits_workload(sizes.edits, is_drafting=True),
        *layer_workloads(1000),
        *engine_workloads(sizes),
    )
    ids = [metric.id for workload in workloads for metric in workload.metrics]
    assert len(ids) == len(set(ids))
