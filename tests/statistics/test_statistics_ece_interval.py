import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.statistics import ece, ece_interval


def _drawn(rng, shift, groups=200, repeats=2):
    """Scores that are too high by `shift`, in clusters of equal scores."""
    predicted = rng.uniform(0.2, 0.8, groups).repeat(repeats)
    label = (rng.random(predicted.size) < predicted - shift).astype(float)
    return predicted, label, np.arange(groups).repeat(repeats)


def _interval(rng, shift):
    return ece_interval(*_drawn(rng, shift), level=0.95, resamples=300, rng=rng)


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.15])
def test_covers_the_true_error(shift):
    found = [_interval(np.random.default_rng([5, run]), shift) for run in range(150)]
    covered = [e.low is not None and e.low <= shift <= e.high for e in found]
    assert np.mean(covered) > 0.85


def test_takes_off_what_noise_adds():
    plain, corrected = [], []
    for run in range(100):
        rng = np.random.default_rng([6, run])
        predicted, label, ids = _drawn(rng, 0.02)
        plain.append(ece(predicted, label)[0])
        corrected.append(
            ece_interval(predicted, label, ids, level=0.95, resamples=200, rng=rng).estimate
        )
    assert np.mean(plain) > 0.05
    assert abs(np.mean(corrected) - 0.02) < 0.015


def test_a_large_error_on_many_rows_is_the_plain_one():
    rng = np.random.default_rng(2)
    predicted, label, ids = _drawn(rng, 0.15, groups=5000)
    found = ece_interval(predicted, label, ids, level=0.95, resamples=200, rng=rng)
    assert found.estimate == pytest.approx(ece(predicted, label)[0], rel=0.05)
    assert found.low < 0.15 < found.high < 0.18
    assert (found.n, found.clusters) == (10_000, 5000)


def test_what_carries_no_interval():
    rng = np.random.default_rng(0)
    perfect = ece_interval([0.0, 1.0], [0, 1], [1, 2], level=0.95, resamples=20, rng=rng)
    assert (perfect.estimate, perfect.low) == (0.0, None)
    assert perfect.method == "degenerate: no gap in any bin"
    one = ece_interval([0.5, 0.5], [1, 1], [1, 1], level=0.95, resamples=20, rng=rng)
    assert (one.estimate, one.method) == (0.5, "degenerate: one cluster")
    with pytest.raises(DataError, match="there are no rows"):
        ece_interval([], [], [], level=0.95, resamples=20, rng=rng)
