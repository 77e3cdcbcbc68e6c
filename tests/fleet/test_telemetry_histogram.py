"""Quantiles of buckets against the observations themselves; intervals against what was added."""

import bisect
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.telemetry import Histogram

BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5)


def filed(values: list[float]) -> Histogram:
    """The histogram of these observations."""
    counts = [0] * (len(BOUNDS) + 1)
    for value in values:
        counts[bisect.bisect_left(BOUNDS, value)] += 1
    return Histogram(BOUNDS, tuple(counts), sum(values))


VALUES = st.lists(st.floats(0.001, 5.0), max_size=40)


def test_by_hand() -> None:
    # 2 up to 0.1, 4 up to 0.25, 2 up to 0.5, 2 above 2.5
    histogram = Histogram(BOUNDS, (2, 4, 2, 0, 0, 2), 10.0)
    assert histogram.count == 10
    assert histogram.mean == 1.0
    assert histogram.quantile(0.1) == pytest.approx(0.05)
    assert histogram.quantile(0.4) == pytest.approx(0.1 + 0.15 / 2)
    assert histogram.quantile(0.8) == pytest.approx(0.5)
    assert histogram.quantile(0.81) == math.inf


def test_nothing_observed() -> None:
    assert filed([]).mean is None
    assert filed([]).quantile(0.5) is None


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_no_such_quantile(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        filed([1.0]).quantile(share)


@given(VALUES.filter(bool), st.floats(0.001, 1.0))
def test_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    # The true one: the least value with at least that share of the observations at or below it.
    histogram = filed(values)
    below = [i for i in range(len(values)) if (i + 1) >= share * len(values)]
    true = sorted(values)[below[0]]
    index = bisect.bisect_left(BOUNDS, true)
    said = histogram.quantile(share)
    assert said is not None
    assert (0.0, *BOUNDS)[index] <= said <= (*BOUNDS, math.inf)[index]


@given(VALUES.filter(bool), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_rise(values: list[float], one: float, other: float) -> None:
    low, high = (filed(values).quantile(share) for share in sorted((one, other)))
    assert low is not None
    assert high is not None
    assert low <= high


@given(VALUES, VALUES)
def test_interval_holds_what_was_added(before: list[float], added: list[float]) -> None:
    gained = filed(before + added).since(filed(before))
    assert gained.counts == filed(added).counts
    assert gained.total == pytest.approx(sum(added), abs=1e-9)


def test_not_a_continuation() -> None:
    with pytest.raises(ValueError, match="does not continue"):
        filed([1.0]).since(filed([1.0, 2.0]))
    with pytest.raises(ValueError, match="does not continue"):
        filed([1.0]).since(Histogram((1.0,), (0, 0), 0.0))
