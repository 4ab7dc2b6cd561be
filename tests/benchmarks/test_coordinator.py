"""What the coordinator's replay reads from metrics and how it is shown."""

import pytest

from benchmarks.coordinator import Tally, metric_sum, table

METRICS = """\
# HELP senryu_engine_prefilled_tokens_total prompt tokens computed
senryu_engine_prefilled_tokens_total{model="a"} 1200.0
senryu_engine_prefilled_tokens_total{model="b"} 34
senryu_engine_prefilled_tokens_total_created 5.0
llamacpp:prompt_tokens_total 77
"""


def test_samples_of_all_models_are_added() -> None:
    assert metric_sum(METRICS, ("senryu_engine_prefilled_tokens_total",)) == 1234
    assert metric_sum(METRICS, ("llamacpp:prompt_tokens_total",)) == 77


def test_metrics_without_the_sample_are_an_error() -> None:
    with pytest.raises(ValueError, match="no sample of other"):
        metric_sum(METRICS, ("other",))


def test_the_table_has_what_was_requested_against_what_was_prefilled() -> None:
    row = table({"a server": Tally(3, 2000, 500, 1.4)}).splitlines()[-1]
    assert row == "| a server | 3 | 2,000 | 500 | 25.0% | 1 |"
