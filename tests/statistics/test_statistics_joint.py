"""Joint resampling: against a slow loop on rows, by hand, and what the columns share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import joint_means

NAN = float("nan")


def means_of_rows(values, groups, resamples, seed):
    """Every resample from the rows of the drawn clusters, one after the other."""
    names = np.unique(groups)
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(resamples):
        drawn = rng.integers(0, names.size, size=names.size)
        rows = np.concatenate([values[groups == names[i]] for i in drawn])
        known = ~np.isnan(rows)
        with np.errstate(invalid="ignore"):
            draws.append(np.where(known, rows, 0.0).sum(axis=0) / known.sum(axis=0))
    return np.array(draws)


def table(seed, clusters=23, columns=4, missing=0.0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(clusters), rng.integers(1, 6, clusters))
    groups = rng.permutation(groups)
    values = rng.normal(size=(groups.size, columns)) + rng.normal(size=clusters)[groups, None]
    values[rng.random(values.shape) < missing] = np.nan
    return values, groups


@pytest.mark.parametrize("missing", [0.0, 0.2, 0.93])
def test_draws_are_those_of_the_slow_loop(missing):
    values, groups = table(1, missing=missing)
    found = joint_means(values, groups, resamples=200, rng=np.random.default_rng(5))
    slow = means_of_rows(values, groups, 200, 5)
    np.testing.assert_allclose(found.draws, slow, rtol=1e-12, atol=1e-12)
    assert np.isnan(slow).any() == (missing > 0.5)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_points_and_jackknife_are_means_of_rows(missing):
    values, groups = table(2, missing=missing)
    found = joint_means(values, groups, resamples=1, rng=np.random.default_rng(0))
    np.testing.assert_allclose(found.points, np.nanmean(values, axis=0))
    without = [np.nanmean(values[groups != name], axis=0) for name in np.unique(groups)]
    np.testing.assert_allclose(found.jackknife, without)
    assert found.n.tolist() == (~np.isnan(values)).sum(axis=0).tolist()


def test_missing_by_hand():
    values = [[1.0, NAN, NAN], [3.0, 5.0, NAN], [8.0, 7.0, NAN]]
    found = joint_means(values, ["a", "a", "b"], resamples=50, rng=np.random.default_rng(0))
    assert found.points[:2].tolist() == [4.0, 6.0]
    assert np.isnan(found.points[2])
    assert found.n.tolist() == [3, 2, 0]
    assert found.clusters.tolist() == [2, 2, 0]
    assert found.jackknife[:, :2].tolist() == [[8.0, 7.0], [2.0, 5.0]]
    # Both of a, one of each, both of b: (1 + 3) / 2, 12 / 3, 8 and 5, 12 / 2, 7.
    assert set(map(tuple, found.draws[:, :2].tolist())) == {(2.0, 5.0), (4.0, 6.0), (8.0, 7.0)}
    assert np.isnan(found.draws[:, 2]).all()


def test_one_stream_gives_one_column_the_same_draws_as_many():
    values, groups = table(3)
    many = joint_means(values, groups, resamples=300, rng=np.random.default_rng(9))
    for column in range(values.shape[1]):
        one = joint_means(values[:, [column]], groups, resamples=300, rng=np.random.default_rng(9))
        np.testing.assert_allclose(one.draws[:, 0], many.draws[:, column], rtol=1e-12, atol=1e-14)


def test_a_difference_of_columns_is_the_column_of_differences():
    values, groups = table(4, columns=2)
    both = np.column_stack([values, values[:, 0] - values[:, 1]])
    found = joint_means(both, groups, resamples=300, rng=np.random.default_rng(1))
    np.testing.assert_allclose(found.draws[:, 2], found.draws[:, 0] - found.draws[:, 1], atol=1e-12)


def test_chunks_do_not_show():
    # 3,000 clusters make chunks of 349 resamples.
    values = np.random.default_rng(0).normal(size=(3000, 2))
    found = joint_means(values, np.arange(3000), resamples=800, rng=np.random.default_rng(2))
    drawn = np.random.default_rng(2).integers(0, 3000, size=(800, 3000))
    for row in (0, 348, 349, 799):
        np.testing.assert_allclose(found.draws[row], values[drawn[row]].mean(axis=0), atol=1e-12)


def test_threads_do_not_show():
    from threadpoolctl import threadpool_limits

    values = np.random.default_rng(0).normal(size=(900, 40))
    told = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            rng = np.random.default_rng(2)
            told.append(joint_means(values, np.arange(900), resamples=900, rng=rng).draws)
    assert (told[0] == told[1]).all()


@settings(max_examples=30, database=None)
@given(st.integers(0, 1000), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(seed, random):
    values, groups = table(seed, clusters=7, missing=0.1)
    whole = np.rint(8 * values)
    order = list(range(groups.size))
    random.shuffle(order)
    base = joint_means(whole, groups, resamples=40, rng=np.random.default_rng(0))
    again = joint_means(whole[order], groups[order], resamples=40, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(base.draws, again.draws)
    known = base.draws[~np.isnan(base.draws)]
    assert np.nanmin(whole) <= known.min()
    assert known.max() <= np.nanmax(whole)


def test_nothing_to_draw_from():
    none = joint_means(np.zeros((0, 3)), [], resamples=5, rng=np.random.default_rng(0))
    assert none.draws.shape == (5, 3)
    assert np.isnan(none.draws).all()
    assert np.isnan(none.points).all()
    empty = joint_means(np.zeros((2, 0)), [0, 1], resamples=5, rng=np.random.default_rng(0))
    assert empty.draws.shape == (5, 0)
    alone = joint_means([[1.0], [2.0]], [0, 0], resamples=5, rng=np.random.default_rng(0))
    assert alone.draws.tolist() == [[1.5]] * 5
    assert np.isnan(alone.jackknife).all()


@pytest.mark.parametrize(
    ("values", "groups", "message"),
    [
        ([[float("inf")]], ["a"], "1 infinite of 1"),
        ([1.0, 2.0], ["a", "b"], "rows, columns"),
        ([[1.0], [2.0]], ["a"], "2 rows but group_ids"),
        ([[1.0], [2.0]], np.array(["a", None], dtype=object), "missing ids"),
    ],
)
def test_tables_that_cannot_be_drawn_from_are_refused(values, groups, message):
    with pytest.raises(DataError, match=message):
        joint_means(values, groups, resamples=5, rng=np.random.default_rng(0))


def test_no_resamples_are_an_error_of_the_caller():
    with pytest.raises(ValueError, match="resamples"):
        joint_means([[1.0]], ["a"], resamples=0, rng=np.random.default_rng(0))
