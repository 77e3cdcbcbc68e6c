"""Conformal quantiles of lengths: ranks by hand, and what they promise by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors import LEVELS, ConformalFactors

Floats = NDArray[np.float64]


def test_ranks_by_hand() -> None:
    # 19 ratios 1..19 of a learner without spread: rank of t is ceil(20 t), and 20 - that below 1/2.
    told = ConformalFactors.fit(np.arange(1.0, 20.0), np.ones((19, len(LEVELS))), 0.9)
    assert told.factors == (1, 1, 2, 5, 10, 15, 18, 19, 19)
    assert told.n == 19
    with pytest.raises(DataError, match="at least 19 are needed"):
        ConformalFactors.fit(np.arange(1.0, 19.0), np.ones((18, len(LEVELS))), 0.9)


def test_quantiles_are_shifted_level_by_level() -> None:
    quantiles = np.tile(np.arange(1.0, 10.0), (19, 1))
    told = ConformalFactors.fit(np.arange(1.0, 20.0), quantiles, 0.9)
    expected = np.array([1, 1, 2, 5, 10, 15, 18, 19, 19]) / np.arange(1, 10)
    assert told.factors == pytest.approx(expected)
    assert told.apply(quantiles[:1])[0] == pytest.approx([1, 1, 2, 5, 10, 15, 18, 19, 19])


@pytest.mark.parametrize("repeats", [1, 3, 10])
def test_repeats_that_are_all_equal_say_what_one_says(repeats: int) -> None:
    rng = np.random.default_rng(0)
    actual, quantiles = rng.lognormal(size=37), np.sort(rng.lognormal(size=(37, len(LEVELS))))
    one = ConformalFactors.fit(actual, quantiles, 0.9)
    many = ConformalFactors.fit(np.repeat(actual[:, None], repeats, axis=1), quantiles, 0.9)
    assert many.factors == one.factors
    assert many.n == 37


def test_an_absent_answer_is_left_out() -> None:
    rng = np.random.default_rng(1)
    actual, quantiles = rng.lognormal(size=(40, 1)), np.ones((40, len(LEVELS)))
    padded = np.column_stack([actual, np.full((40, 2), np.nan)])
    assert (
        ConformalFactors.fit(padded, quantiles, 0.9).factors
        == ConformalFactors.fit(actual[:, 0], quantiles, 0.9).factors
    )


@given(
    st.lists(st.floats(0.1, 1000), min_size=19, max_size=50),
    st.floats(0.01, 100),
)
def test_factors_rise_and_undo_a_wrong_unit(values: list[float], unit: float) -> None:
    actual = np.array(values)
    flat = np.ones((len(actual), len(LEVELS)))
    told = ConformalFactors.fit(actual, flat, 0.9)
    assert (np.diff(told.factors) >= 0).all()
    other = ConformalFactors.fit(actual, unit * flat, 0.9)
    np.testing.assert_allclose(other.apply(unit * flat), told.apply(flat))


def _simulated(rng: np.random.Generator, n: int, repeats: int) -> tuple[Floats, Floats]:
    """Lengths of n prompts and quantiles that are too narrow and too low, differently by prompt."""
    middle, spread = rng.normal(5, 0.5, n), rng.uniform(0.2, 0.8, n)
    actual = np.exp(middle[:, None] + spread[:, None] * rng.normal(size=(n, repeats)))
    z = np.array([-2.3263, -1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263])
    return actual, 0.8 * np.exp(middle[:, None] + 0.5 * spread[:, None] * z)


@pytest.mark.parametrize(("n", "repeats"), [(60, 1), (250, 1), (60, 10)])
def test_every_level_holds_on_new_prompts(n: int, repeats: int) -> None:
    rng = np.random.default_rng(n + repeats)
    trials, levels = 1500, np.array(LEVELS)
    below, inside = np.zeros(len(levels)), 0.0
    for _ in range(trials):
        actual, quantiles = _simulated(rng, n + 20, repeats)
        told = ConformalFactors.fit(actual[:n], quantiles[:n], 0.9).apply(quantiles[n:])
        below += (actual[n:, :1] <= told).mean(axis=0)
        inside += ((told[:, 1] <= actual[n:, 0]) & (actual[n:, 0] <= told[:, 7])).mean()
    below, inside = below / trials, inside / trials
    # 30,000 new prompts, 1,500 calibrations of n: s.e. of a share at most 0.003, here 3 of them.
    high, low = levels >= 0.5, levels < 0.5
    supported = levels[high] * (n + 1) <= n
    assert (below[high][supported] > levels[high][supported] - 0.01).all()
    assert (below[low] < np.maximum(levels[low], 1 / n) + 0.01).all()
    assert np.abs(below - levels).max() < 2 / n + 0.01
    assert 0.9 - 0.01 < inside < 0.9 + 2 / n + 0.01
