"""Bounds and probabilities from calibration ratios: by hand and by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.predictors import RatioBounds

RATIOS = np.arange(1.0, 20.0)


def test_bounds_by_hand_and_refusal() -> None:
    bound = RatioBounds.fit(RATIOS, np.ones(19), 0.9)
    assert (bound.low, bound.median, bound.high) == (1.0, 10.0, 19.0)
    with pytest.raises(DataError, match="at least 19 are needed"):
        RatioBounds.fit(RATIOS[:18], np.ones(18), 0.9)


def test_bounds_cover_new_values() -> None:
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(400):
        draws = rng.lognormal(0.0, 0.7, 120)
        bound = RatioBounds.fit(draws[:100], np.ones(100), 0.9)
        hits.append(np.mean((draws[100:] >= bound.low) & (draws[100:] <= bound.high)))
    # 8,000 new values, 400 independent bounds: s.e. of the mean coverage is below 0.003.
    assert 0.9 - 0.009 < np.mean(hits) < 0.93


def test_quantiles_and_probability_by_hand() -> None:
    bound = RatioBounds.fit(2.0 * RATIOS, np.full(19, 2.0), 0.9)
    assert len(bound.quantiles) == 101
    assert bound.quantiles[:2] == pytest.approx((1.0, 1.18))  # 18 steps of 1 over 100 levels
    assert bound.quantiles[-1] == 19.0
    asked = np.array([[-1.0, 0.999, 1.0], [10.0, 19.0, np.inf]])
    expected = np.array([[0, 0, 0], [0.5, 1, 1]]) * 19 / 20
    assert bound.probability(asked) == pytest.approx(expected)
    assert np.isnan(bound.probability(np.array([np.nan]))).all()


def test_a_ratio_that_many_pairs_share_counts_whole() -> None:
    ratio = np.array([0.5] * 4 + [1.0] * 12 + [2.0] * 4)
    bound = RatioBounds.fit(ratio, np.ones(20), 0.9)
    told = bound.probability(np.array([0.5, 1.0, 2.0]))
    assert told == pytest.approx(np.array([0.15, 0.78, 1.0]) * 20 / 21)  # levels in hundredths
    equal = RatioBounds.fit(np.ones(20), np.ones(20), 0.9)
    assert equal.probability(np.array([0.999, 1.0])) == pytest.approx([0.0, 20 / 21])


def test_probability_is_calibrated_on_exchangeable_pairs() -> None:
    rng = np.random.default_rng(2)
    limits = np.exp(0.6 * np.array([-1.5, -0.7, 0.0, 0.7, 1.5]))
    said, held = np.zeros(5), np.zeros(5)
    trials, n = 3000, 60
    for _ in range(trials):
        predicted = rng.lognormal(2.0, 1.0, n + 1)
        actual = predicted * rng.lognormal(0.0, 0.6, n + 1)
        bound = RatioBounds.fit(actual[:n], predicted[:n], 0.9)
        said += bound.probability(limits)
        held += actual[n] <= limits * predicted[n]
    # The rate of a probability is known to 1 % here (s.e.), and one pair in 60 is withheld.
    assert ((held - said) / trials > -0.03).all()
    assert ((held - said) / trials < 0.03 + 1 / 60).all()


@given(
    st.lists(st.floats(0.01, 100), min_size=19, max_size=60),
    st.lists(st.floats(-1, 200), min_size=2, max_size=30),
)
def test_probability_is_monotone_and_conservative_at_its_ends(
    ratios: list[float], asked: list[float]
) -> None:
    ratio, limits = np.array(ratios), np.sort(asked)
    bound = RatioBounds.fit(ratio, np.ones(len(ratio)), 0.9)
    told = bound.probability(limits)
    assert (np.diff(told) >= -1e-15).all()
    n = len(ratio)
    assert (told[limits < ratio.min()] == 0).all()
    assert told[limits >= ratio.max()] == pytest.approx(n / (n + 1))
    # A pair in a hundred is what 101 quantiles can tell apart; one in n lies between two ranks.
    share = (ratio[None, :] <= limits[:, None]).mean(axis=1)
    assert (told <= share * n / (n + 1) + 1 / (n - 1) + 0.01).all()
