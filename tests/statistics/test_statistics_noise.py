"""Label noise: by hand, against the textbook mean squares, and its coverage in simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import noise_share


def _share(values, **more):
    rng = np.random.default_rng(0)
    return noise_share(values, level=0.95, resamples=200, rng=rng, **more)


def test_by_hand():
    # Means 1, 3, 5; mean square within 2 and between 8; variance of the means (8 - 2) / 2 = 3.
    found = _share([[0, 2], [2, 4], [4, 6]])
    assert found.estimate == pytest.approx(2 / (2 + 3))
    assert (found.n, found.clusters, found.missing) == (6, 3, 0)


def test_no_noise_and_nothing_but_noise():
    assert _share([[0, 0], [1, 1], [3, 3]]).estimate == 0.0
    assert _share([[0, 2], [2, 0], [0, 2]]).estimate == 1.0


def test_what_carries_no_share():
    assert _share([[1, 1], [1, 1]]).estimate is None
    assert _share([[1], [2], [3]]).estimate is None
    assert _share([[1, 2]]).estimate is None
    assert _share(np.full((3, 2), np.nan)).estimate is None
    one = _share([[0, 2], [2, 4], [4, 6]], group_ids=["a", "a", "a"])
    assert (one.low, one.method) == (None, "degenerate: one cluster")
    with pytest.raises(DataError, match="accepted"):
        _share([1.0, 2.0])
    with pytest.raises(DataError, match="3 rows"):
        _share(np.ones((3, 2)), group_ids=[1, 2])


def test_missing_repeats_are_left_out():
    # Searle et al.: n0 = (N - sum n_i^2 / N) / (k - 1).
    rng = np.random.default_rng(1)
    table = rng.normal(size=(40, 1)) + rng.normal(size=(40, 4))
    table[rng.random((40, 4)) < 0.3] = np.nan
    table[0] = np.nan
    rows = [row[~np.isnan(row)] for row in table if not np.isnan(row).all()]
    sizes, total = np.array([row.size for row in rows]), np.concatenate(rows)
    within = sum(((row - row.mean()) ** 2).sum() for row in rows) / (total.size - len(rows))
    outer = sum(row.size * (row.mean() - total.mean()) ** 2 for row in rows) / (len(rows) - 1)
    each = (total.size - (sizes**2).sum() / total.size) / (len(rows) - 1)
    found = _share(table)
    assert found.estimate == pytest.approx(within / (within + (outer - within) / each))
    assert (found.n, found.missing) == (total.size, int(np.isnan(table).sum()))


@settings(max_examples=30, database=None)
@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e3), st.integers(0, 99))
def test_neither_unit_nor_origin_matters(shift, scale, seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(30, 1)) + rng.normal(size=(30, 3))
    first, second = _share(table), _share(shift + scale * table)
    assert second.estimate == pytest.approx(first.estimate, rel=1e-6)
    assert second.low == pytest.approx(first.low, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("kind", ["normal", "binary"])
@pytest.mark.parametrize(("prompts", "repeats"), [(60, 2), (200, 3)])
def test_covers_the_true_share(kind, prompts, repeats):
    covered = []
    for run in range(150):
        rng = np.random.default_rng([3, run])
        if kind == "normal":
            table, true = rng.normal(size=(prompts, 1)) + rng.normal(size=(prompts, repeats)), 0.5
        else:
            rate, true = rng.beta(1.2, 0.8, (prompts, 1)), 2.0 / 3.0
            table = (rng.random((prompts, repeats)) < rate).astype(float)
        found = noise_share(table, level=0.95, resamples=400, rng=rng)
        covered.append(found.low <= true <= found.high)
    assert 0.89 <= np.mean(covered) <= 1.0
