"""Correlations and Krippendorff's alpha against other libraries and published figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.errors import DataError
from pipeline.statistics import (
    krippendorff_alpha,
    partial_correlation,
    pearson,
    spearman,
    weighted_interval,
)

_ = np.nan
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example C: four observers, twelve
# units, missing data.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T


def once(n: int) -> np.ndarray:
    return np.ones((1, n))


@pytest.mark.parametrize(("scale", "alpha"), [("interval", 0.849), ("ordinal", 0.815)])
def test_alpha_of_the_published_example(scale, alpha: float) -> None:
    [found] = krippendorff_alpha(PUBLISHED, once(12), scale)
    assert found == pytest.approx(alpha, abs=5e-4)


def slow_alpha(ratings: np.ndarray, ordinal: bool) -> float:
    """Alpha from its definition: every pair of values by itself."""
    units = [row[~np.isnan(row)] for row in ratings]
    units = [row for row in units if len(row) >= 2]
    values = np.concatenate(units)

    def apart(a: float, b: float) -> float:
        if not ordinal:
            return (a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(1 for v in values if low <= v <= high)
        ends = (np.sum(values == low) + np.sum(values == high)) / 2
        return 0.0 if a == b else (between - ends) ** 2

    n = len(values)
    observed = sum(
        apart(a, b) / (len(row) - 1)
        for row in units
        for i, a in enumerate(row)
        for j, b in enumerate(row)
        if i != j
    )
    expected = sum(
        apart(a, b) for i, a in enumerate(values) for j, b in enumerate(values) if i != j
    )
    return 1 - (observed / n) / (expected / (n * (n - 1)))


@pytest.mark.parametrize("scale", ["interval", "ordinal"])
def test_alpha_is_what_its_definition_says_also_with_weights(scale) -> None:
    rng = np.random.default_rng(3)
    ratings = rng.integers(0, 5, (14, 3)).astype(float)
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    counts = rng.integers(0, 4, (5, 14)).astype(float)
    found = krippendorff_alpha(ratings, counts, scale)
    for row, alpha in zip(counts.astype(int), found, strict=True):
        repeated = np.repeat(ratings, row, axis=0)
        assert alpha == pytest.approx(slow_alpha(repeated, scale == "ordinal"))


def test_alpha_without_disagreement_to_expect_is_undefined() -> None:
    assert np.isnan(krippendorff_alpha(np.full((4, 2), 0.7), once(4))[0])
    assert np.isnan(krippendorff_alpha(np.array([[1.0, np.nan], [np.nan, 2.0]]), once(2))[0])
    two = np.array([[0.1, 0.1], [0.9, 0.9]])
    assert krippendorff_alpha(two, once(2)) == pytest.approx(1.0)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3)), min_size=3, max_size=30
    )
)
def test_correlations_of_repeated_pairs_are_scipys(rows: list[tuple[int, int, int]]) -> None:
    x, y, counts = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    repeated = [np.repeat(one, counts.astype(int)) for one in (x, y)]
    constant = len(repeated[0]) < 3 or any(np.ptp(one) == 0 for one in repeated)
    for ours, theirs in ((pearson, stats.pearsonr), (spearman, stats.spearmanr)):
        [found] = ours(x, y, counts[None])
        if constant:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(theirs(*repeated)[0], abs=1e-9)


def test_partial_correlation_is_that_of_the_residuals() -> None:
    rng = np.random.default_rng(5)
    given_ = rng.standard_normal(200)
    x, y = (given_ + rng.standard_normal(200) for _ in range(2))
    left = [one - np.polyval(np.polyfit(given_, one, 1), given_) for one in (x, y)]
    [found] = partial_correlation(x, y, given_, once(200))
    assert found == pytest.approx(stats.pearsonr(*left)[0])
    assert np.isnan(partial_correlation(x, y, np.ones(200), once(200))[0])
    assert np.isnan(partial_correlation(x, y, x, once(200))[0])


def test_the_interval_resamples_clusters() -> None:
    rng = np.random.default_rng(7)
    x = rng.standard_normal(60)
    y = x + rng.standard_normal(60)

    def interval(copies: int, groups: np.ndarray):
        return weighted_interval(
            lambda counts: pearson(np.repeat(x, copies), np.repeat(y, copies), counts),
            groups,
            level=0.95,
            resamples=400,
            rng=np.random.default_rng(1),
            missing=2,
        )

    single = interval(1, np.arange(60))
    copied = interval(4, np.repeat(np.arange(60), 4))
    # Copies within a cluster add no knowledge.
    assert (copied.estimate, copied.low, copied.high) == pytest.approx(
        (single.estimate, single.low, single.high)
    )
    assert single.low < stats.pearsonr(x, y)[0] < single.high
    assert (copied.n, copied.clusters, copied.missing) == (240, 60, 2)
    ours = stats.pearsonr(x, y).confidence_interval()
    assert (single.low, single.high) == pytest.approx((ours.low, ours.high), abs=0.08)


def test_an_interval_that_cannot_be_given_says_why() -> None:
    options = {"level": 0.95, "resamples": 50, "rng": np.random.default_rng(1)}
    x = np.arange(5.0)
    one = weighted_interval(lambda w: pearson(x, x, w), np.zeros(5), **options)
    assert (one.estimate, one.method) == (pytest.approx(1.0), "degenerate: one cluster")
    flat = weighted_interval(lambda w: pearson(x, np.ones(5), w), np.arange(5), **options)
    assert (flat.estimate, flat.method) == (None, "degenerate: undefined on these data")
    none = weighted_interval(lambda w: pearson(x[:0], x[:0], w), [], **options)
    assert (none.n, none.method) == (0, "degenerate: no values")
    with pytest.raises(DataError, match="one dimension"):
        weighted_interval(lambda w: w[:, 0], np.zeros((2, 2)), **options)
