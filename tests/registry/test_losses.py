"""Losses of a gate, by hand, and against the functions that report them."""

import numpy as np
import pytest

from pipeline.predictors import LEVELS, Distribution, LengthPrediction
from pipeline.registry import latency_losses, length_losses, quality_losses
from pipeline.statistics import brier, coverage, pinball


def test_quality_by_hand() -> None:
    labels = np.array([[1.0, 0.0], [np.nan, 0.5], [np.nan, np.nan]])
    mean = np.array([[0.4, 0.6], [0.9, 0.5], [0.2, 0.1]])
    found = quality_losses(labels, mean)
    assert found["regret"][0] == 1.0
    assert np.isnan(found["regret"][1:]).all()  # nobody knows what the chosen model was worth
    assert found["brier"][:2] == pytest.approx([0.36, 0.0])
    assert np.isnan(found["brier"][2])
    assert found["log_loss"][0] == pytest.approx(-np.log(0.4))
    assert found["log_loss"][1] == pytest.approx(np.log(2))


def test_a_sure_mistake_has_a_finite_loss() -> None:
    found = quality_losses(np.array([[1.0]]), np.array([[0.0]]))
    assert found["log_loss"][0] == pytest.approx(-np.log(1e-3))


def test_quality_agrees_with_the_statistics() -> None:
    rng = np.random.default_rng(0)
    labels, mean = rng.random((50, 3)), rng.random((50, 3))
    found = quality_losses(labels, mean)["brier"].mean()
    assert found == pytest.approx(brier(mean.ravel(), labels.ravel()))


def test_length_agrees_with_the_statistics() -> None:
    rng = np.random.default_rng(1)
    values = np.sort(rng.uniform(1, 100, (40, 2, len(LEVELS))), axis=2)
    told = LengthPrediction(values.mean(axis=2), Distribution(values), 0.9)
    tokens = rng.uniform(1, 100, (40, 2))
    found = length_losses(tokens, told)
    each = [
        pinball(tokens.ravel(), values[:, :, place].ravel(), level)
        for place, level in enumerate(LEVELS)
    ]
    assert found["pinball"].mean() == pytest.approx(np.mean(each))
    inside = coverage(tokens.ravel(), told.low.ravel(), told.high.ravel(), level=0.95)
    assert inside.estimate is not None
    assert found["miss"].mean() == pytest.approx(1 - inside.estimate)
    assert found["width"].mean() == pytest.approx((told.high - told.low).mean())
    assert found["absolute_error"].mean() == pytest.approx(np.abs(tokens - told.median).mean())


def test_latency_by_hand_and_a_missing_tpot() -> None:
    seconds = np.array([[1.0, np.nan], [2.0, 0.1]])
    mean = np.array([[np.e, 0.1], [2.0, 0.1]])
    found = latency_losses(seconds, mean, mean / 2, mean * 2)
    assert found["log_error"] == pytest.approx([1.0, 0.0])
    assert found["miss"] == pytest.approx([1.0, 0.0])
    assert found["width"] == pytest.approx([np.log(4), np.log(4)])
