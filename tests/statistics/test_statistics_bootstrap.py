"""BCa cluster bootstrap: against scipy, against a slow twin, and its coverage."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import mean_interval, mean_intervals


def interval(values, groups, seed=0, level=0.95, resamples=2000):
    rng = np.random.default_rng(seed)
    return mean_interval(values, groups, level=level, resamples=resamples, rng=rng)


def clustered(rng, clusters, effect):
    """Skewed cluster effects plus noise, sizes 1 to 8 that do not depend on the effect."""
    sizes = rng.integers(1, 9, clusters)
    groups = np.repeat(np.arange(clusters), sizes)
    return effect * rng.exponential(size=clusters)[groups] + rng.normal(size=groups.size), groups


def slow_bca(values, groups, level, resamples, rng):
    """The textbook, one resample at a time, on the rows rather than on cluster sums."""
    names = sorted(set(groups.tolist()))
    rows = {name: values[groups == name] for name in names}
    point = values.mean()
    means = np.array(
        [
            np.concatenate([rows[names[i]] for i in rng.integers(0, len(names), len(names))]).mean()
            for _ in range(resamples)
        ]
    )
    left_out = np.array([values[groups != name].mean() for name in names])
    away = left_out.mean() - left_out
    a = (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    normal = NormalDist()
    z0 = normal.inv_cdf((means < point).mean())
    z = [z0 + normal.inv_cdf(p) for p in ((1 - level) / 2, (1 + level) / 2)]
    return np.quantile(means, [normal.cdf(z0 + one / (1 - a * one)) for one in z])


def test_one_value_per_cluster_agrees_with_scipy():
    from scipy import stats

    rng = np.random.default_rng(3)
    values = rng.lognormal(size=40)
    error = values.std(ddof=1) / np.sqrt(values.size)
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="BCa", rng=np.random.default_rng(4)
    ).confidence_interval
    ours = interval(values, np.arange(40), resamples=20_000)
    # A tail quantile of 20,000 resamples has a Monte Carlo error of about 0.03 standard errors.
    assert ours.low == pytest.approx(theirs.low, abs=0.15 * error)
    assert ours.high == pytest.approx(theirs.high, abs=0.15 * error)
    # The percentile interval would be nearly symmetric here; BCa leans to the long tail.
    assert ours.high - ours.estimate > 1.2 * (ours.estimate - ours.low)


def test_unequal_clusters_agree_with_the_slow_twin():
    rng = np.random.default_rng(5)
    values, groups = clustered(rng, 30, 1.0)
    low, high = slow_bca(values, groups, 0.9, 4000, rng)
    ours = interval(values, groups, level=0.9, resamples=20_000)
    width = high - low
    assert ours.estimate == pytest.approx(values.mean())
    assert ours.low == pytest.approx(low, abs=0.06 * width)
    assert ours.high == pytest.approx(high, abs=0.06 * width)
    assert (ours.n, ours.clusters, ours.level) == (values.size, 30, 0.9)
    assert ours.method == "BCa cluster bootstrap"


def test_two_clusters_by_hand():
    # Resamples are (0,0), (0,1), (1,1) with weights 1:2:1, so the bounds are the two extremes.
    got = interval([0.0, 1.0], ["x", "y"])
    assert (got.estimate, got.low, got.high) == (0.5, 0.0, 1.0)


def test_large_clusters_weigh_by_their_size():
    assert interval([1.0, 1.0, 1.0, 0.0], [0, 0, 0, 1]).estimate == 0.75


def test_coverage_of_clusters_is_near_nominal_where_rows_alone_fail():
    truth, repetitions = 1.0, 400
    rng = np.random.default_rng(11)
    hit = hit_rows = 0
    for _ in range(repetitions):
        values, groups = clustered(rng, 40, truth)
        got = mean_interval(values, groups, level=0.95, resamples=600, rng=rng)
        hit += got.low <= truth <= got.high
        rows = mean_interval(values, np.arange(values.size), level=0.95, resamples=300, rng=rng)
        hit_rows += rows.low <= truth <= rows.high
    # 3,000 repetitions gave 0.918 (40 skewed clusters of unequal size fall short of 0.95) and 0.70
    # for rows alone; their standard errors at 400 are 0.014 and 0.023, and the bounds allow three.
    assert 0.875 <= hit / repetitions <= 0.965
    assert hit_rows / repetitions < 0.78


def test_coverage_of_many_clusters_is_nominal():
    rng = np.random.default_rng(12)
    hits = 0
    for _ in range(400):
        groups = np.repeat(np.arange(150), 2)
        values = rng.normal(size=150)[groups] + rng.normal(size=300)
        got = mean_interval(values, groups, level=0.9, resamples=600, rng=rng)
        hits += got.low <= 0.0 <= got.high
    # Four standard errors of 400 repetitions at 0.9 are 0.06.
    assert abs(hits / 400 - 0.9) <= 0.06


@pytest.mark.parametrize(
    ("values", "groups", "reason", "point"),
    [
        ([], [], "no values", None),
        ([1.0, 2.0], ["a", "a"], "one cluster", 1.5),
        ([0.1] * 7, list("aabbbcd"), "constant data", 0.1),
        ([0.0, 1.0, 0.0, 1.0], list("aabb"), "every cluster has the same mean", 0.5),
        ([0.1, 0.2, 0.3, 0.3, 0.2, 0.1], list("aaabbb"), "every cluster has the same mean", 0.2),
    ],
)
def test_degenerate_data_say_so(values, groups, reason, point):
    got = interval(values, groups)
    assert got.method == f"degenerate: {reason}"
    assert got.estimate == (None if point is None else pytest.approx(point))
    assert (got.low, got.high, got.n) == (None, None, len(values))


def test_one_resample_cannot_make_an_interval():
    got = interval([0.0, 1.0, 5.0], [0, 1, 2], resamples=1)
    assert got.method.startswith("degenerate: ")
    assert got.low is None


def test_missing_is_passed_through_and_nan_refused():
    rng = np.random.default_rng(0)
    got = mean_interval([0.0, 1.0], [0, 1], level=0.9, resamples=99, rng=rng, missing=3)
    assert got.missing == 3
    with pytest.raises(DataError, match="1 missing"):
        interval([0.0, float("nan")], [0, 1])
    with pytest.raises(DataError, match="infinite"):
        interval([0.0, float("inf")], [0, 1])


def test_misuse_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="level"):
        interval([0.0, 1.0], [0, 1], level=95)
    with pytest.raises(ValueError, match="resamples"):
        interval([0.0, 1.0], [0, 1], resamples=0)


def test_many_clusters_are_drawn_in_chunks():
    rng = np.random.default_rng(2)
    values = rng.normal(size=3000)
    got = interval(values, np.arange(3000), resamples=500)
    error = values.std() / np.sqrt(3000)
    assert got.high - got.low == pytest.approx(2 * 1.96 * error, rel=0.2)


numbers = st.lists(st.integers(-50, 50), min_size=4, max_size=25).filter(lambda v: len(set(v)) > 1)


@settings(max_examples=40, database=None)
@given(numbers, st.integers(-8, 8), st.sampled_from([0.25, 2.0, 1024.0]))
def test_moves_and_scales_with_the_data(values, shift, scale):
    values = np.array(values, dtype=float)
    groups = np.arange(values.size) // 2
    base = interval(values, groups, resamples=200)
    moved = interval(scale * values + shift, groups, resamples=200)
    assert moved.estimate == pytest.approx(scale * base.estimate + shift)
    assert (moved.low is None) == (base.low is None)
    if base.low is not None:
        # Whole numbers scaled by powers of two keep sums and ties exact; quantiles may round.
        slack = 1e-6 * scale * (base.high - base.low)
        assert moved.low == pytest.approx(scale * base.low + shift, abs=slack)
        assert moved.high == pytest.approx(scale * base.high + shift, abs=slack)
        assert base.low < base.high


@settings(max_examples=40, database=None)
@given(numbers, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(values, random):
    groups = [f"g{i // 3}" for i in range(len(values))]
    order = list(range(len(values)))
    random.shuffle(order)
    base = interval(np.array(values, dtype=float), groups, resamples=100)
    again = interval([float(values[i]) for i in order], [groups[i] for i in order], resamples=100)
    assert base == again


def test_columns_agree_with_one_at_a_time_and_count_the_missing():
    rng = np.random.default_rng(8)
    first, groups = clustered(rng, 30, 1.0)
    holed = first.copy()
    holed[::7] = np.nan
    flat = np.full(first.size, 0.1)
    none = np.full(first.size, np.nan)
    told = mean_intervals(
        np.column_stack([first, holed, flat, none]),
        groups,
        level=0.9,
        resamples=500,
        rng=np.random.default_rng(0),
    )
    alone = interval(first, groups, level=0.9, resamples=500)
    assert (told[0].low, told[0].high) == pytest.approx((alone.low, alone.high), rel=1e-9)
    known = ~np.isnan(holed)
    assert told[1].estimate == pytest.approx(holed[known].mean())
    assert (told[1].n, told[1].missing) == (known.sum(), (~known).sum())
    assert told[1].low < told[1].estimate < told[1].high
    assert [one.method for one in told[2:]] == [
        "degenerate: constant data",
        "degenerate: no values",
    ]
    assert (told[3].estimate, told[3].missing) == (None, first.size)


def test_percentile_bounds_are_quantiles_of_the_draws():
    # 2 of 3 clusters differ: resample means are 0, 1/3, 2/3, 1 with weights 8, 12, 6, 1 of 27.
    got = mean_interval(
        [0.0, 0.0, 1.0], [0, 1, 2], level=0.9, resamples=4000,
        rng=np.random.default_rng(0), method="percentile",
    )  # fmt: skip
    assert (got.estimate, got.low, got.high) == pytest.approx((1 / 3, 0.0, 2 / 3))
    assert got.method == "percentile cluster bootstrap"


def test_resamples_without_values_refuse_a_column_of_few_clusters():
    values = np.full((40, 2), np.nan)
    values[:, 0] = values[:2, 1] = 0.0
    values[0] = 1.0
    told = mean_intervals(
        values, np.arange(40), level=0.9, resamples=1000, rng=np.random.default_rng(0)
    )
    # Two of 40 clusters hold values: a resample has none of them with a chance of .95 ** 40 = .13.
    assert told[1].method.endswith("of 1000 resamples hold no value")
    assert (told[1].clusters, told[1].estimate, told[1].low) == (2, 0.5, None)
    assert told[0].low is not None


def test_bounds_of_graded_scores_do_not_hang_on_rounding():
    # Tenths add up to sums that differ in the last bit by order; ties must still count half.
    rng = np.random.default_rng(4)
    tenths = rng.integers(0, 11, 12)
    whole = interval(tenths.astype(float), np.arange(12))
    graded = interval(tenths * 0.1, np.arange(12))
    assert (graded.low, graded.high) == pytest.approx((0.1 * whole.low, 0.1 * whole.high))


def test_unknown_method_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="bca or percentile"):
        mean_interval(
            [0.0, 1.0], [0, 1], level=0.9, resamples=9,
            rng=np.random.default_rng(0), method="basic",
        )  # fmt: skip
