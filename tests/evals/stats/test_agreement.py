"""Kappa by hand, on published labels, and its error against numeric derivatives."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senryu.evals.stats import agreement
from tests.contract.manifest import requirement

Table = dict[tuple[str, str], int]

TABLES = st.dictionaries(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), st.integers(1, 40), min_size=1
)

# XSTest, github.com/paul-rottger/exaggerated-safety at d7bb5bd: how many replies of two models have
# which label from people (first) and from GPT-4 (second).
XSTEST: dict[str, Table] = {
    "gpt4": {
        ("comply", "comply"): 230,
        ("refuse", "refuse"): 191,
        ("partly", "comply"): 8,
        ("refuse", "comply"): 20,
        ("partly", "refuse"): 1,
    },
    "llama2new": {
        ("comply", "comply"): 176,
        ("partly", "partly"): 7,
        ("refuse", "refuse"): 169,
        ("refuse", "comply"): 58,
        ("partly", "comply"): 30,
        ("partly", "refuse"): 7,
        ("refuse", "partly"): 3,
    },
}


def pairs(table: Table) -> list[tuple[str, str]]:
    return [pair for pair, count in table.items() for _ in range(count)]


def kappa_of(shares: dict[tuple[str, str], float]) -> float:
    total = math.fsum(shares.values())
    labels = {label for pair in shares for label in pair}
    observed = math.fsum(shares.get((label, label), 0) for label in labels) / total
    chance = math.fsum(
        math.fsum(share for (one, _), share in shares.items() if one == label)
        * math.fsum(share for (_, other), share in shares.items() if other == label)
        for label in labels
    )
    chance /= total**2
    return (observed - chance) / (1 - chance)


def delta_error(table: Table) -> float:
    """The delta method for counts of a multinomial, with numeric derivatives."""
    total, step = sum(table.values()), 1e-6
    shares = {pair: count / total for pair, count in table.items()}
    slopes = {
        pair: (kappa_of({**shares, pair: share + step}) - kappa_of({**shares, pair: share - step}))
        / (2 * step)
        for pair, share in shares.items()
    }
    mean = math.fsum(shares[pair] * slope for pair, slope in slopes.items())
    spread = math.fsum(shares[pair] * slope**2 for pair, slope in slopes.items()) - mean**2
    return math.sqrt(max(0, spread) / total)


@requirement("evals.agreement")
def test_kappa_by_hand() -> None:
    # Both say yes 20 times, no 15 times; of 50, the first says yes 25 times and the second 30:
    # observed 0.7, by chance 0.5 * 0.6 + 0.5 * 0.4 = 0.5.
    found = agreement(
        pairs({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15})
    )
    assert (found.num_items, found.observed, found.by_chance) == (50, 0.7, 0.5)
    assert found.kappa == pytest.approx(0.4)


@requirement("evals.agreement")
@pytest.mark.parametrize(("model", "observed"), [("gpt4", 0.936), ("llama2new", 0.782)])
def test_a_judges_agreement_with_people_on_published_labels(model: str, observed: float) -> None:
    found = agreement(pairs(XSTEST[model]))
    assert round(found.observed, 3) == observed
    assert found.standard_error == pytest.approx(delta_error(XSTEST[model]), rel=1e-4)
    assert found.kappa is not None
    assert found.interval is not None
    assert found.interval.low < found.kappa < found.interval.high < 1


@requirement("evals.agreement")
@given(TABLES)
def test_the_error_is_that_of_the_delta_method(table: Table) -> None:
    found = agreement(pairs(table))
    if found.kappa is None:
        assert len(table) == 1
        assert found.observed == 1
        assert found.standard_error is None
        return
    assert found.kappa <= 1
    assert found.standard_error == pytest.approx(delta_error(table), rel=1e-3, abs=1e-4)


def test_no_pairs_are_no_agreement() -> None:
    with pytest.raises(ValueError, match="at least one"):
        agreement([])
