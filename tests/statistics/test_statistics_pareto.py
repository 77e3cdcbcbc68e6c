"""Frontiers and the hull of random mixtures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import mixture_hull, pareto_mask, quality_on_hull


def test_mask_by_hand_with_equal_points_and_ties_in_one_axis():
    # Columns: cost (less is better), quality (more is better).
    points = [[1, 0.5], [2, 0.7], [2, 0.7], [2, 0.6], [3, 0.7], [1, 0.4]]
    expected = [True, True, True, False, False, False]
    assert pareto_mask(points, (False, True)).tolist() == expected


def test_mask_of_nothing_and_one():
    assert pareto_mask(np.zeros((0, 2)), (True, True)).tolist() == []
    assert pareto_mask([[1.0, 2.0]], (True, False)).tolist() == [True]


@pytest.mark.parametrize("points", [[1.0, 2.0], [[1.0, 2.0, 3.0]], [[1.0, float("nan")]]])
def test_mask_refuses_what_it_cannot_order(points):
    with pytest.raises(DataError):
        pareto_mask(points, (True, True))


tables = st.lists(st.tuples(*[st.integers(0, 4)] * 3), min_size=1, max_size=15)


@settings(max_examples=50, database=None)
@given(tables)
def test_mask_is_the_definition(rows):
    table = np.array(rows, dtype=float)
    oriented = table * [1, -1, 1]
    slow = [not any((q >= p).all() and (q > p).any() for q in oriented) for p in oriented]
    mask = pareto_mask(table, (True, False, True))
    assert mask.tolist() == slow
    assert mask.any()
    assert pareto_mask(np.exp(table), (True, False, True)).tolist() == slow
    assert pareto_mask(-table, (False, True, False)).tolist() == slow


def test_hull_by_hand():
    # (2, .5) lies below the line from (1, .4) to (3, .8); (5, .7) costs more for less.
    cost, quality = mixture_hull([5, 3, 1, 2, 9], [0.7, 0.8, 0.4, 0.5, 0.9])
    assert cost.tolist() == [1, 3, 9]
    assert quality.tolist() == [0.4, 0.8, 0.9]
    assert quality_on_hull(cost, quality, 2.0) == pytest.approx(0.6)
    assert quality_on_hull(cost, quality, 9.0) == 0.9
    assert quality_on_hull(cost, quality, 0.99) is None
    assert quality_on_hull(cost, quality, 9.01) is None


def test_hull_ties():
    cost, quality = mixture_hull([1, 1, 2, 3, 3, 4], [0.1, 0.2, 0.3, 0.4, 0.4, 0.4])
    # The better of the cheapest, no corner on a straight line, the cheapest of the best.
    assert (cost.tolist(), quality.tolist()) == ([1, 3], [0.2, 0.4])


def test_hull_of_one_model_and_of_a_cheapest_that_is_best():
    cost, quality = mixture_hull([2.0, 3.0], [0.5, 0.4])
    assert (cost.tolist(), quality.tolist()) == ([2.0], [0.5])
    assert quality_on_hull(cost, quality, 2.0) == 0.5
    assert quality_on_hull(cost, quality, 2.5) is None


def test_hull_refuses_bad_input():
    with pytest.raises(DataError, match="no rows"):
        mixture_hull([], [])
    with pytest.raises(DataError, match="lengths differ"):
        mixture_hull([1.0], [1.0, 2.0])
    with pytest.raises(DataError, match="increase"):
        quality_on_hull([2.0, 1.0], [0.1, 0.2], 1.5)
    with pytest.raises(DataError, match="finite"):
        quality_on_hull([1.0, 2.0], [0.1, 0.2], float("nan"))


models = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 30)), min_size=1, max_size=12)


@settings(max_examples=60, database=None)
@given(models)
def test_hull_is_the_least_concave_cover(rows):
    cost, quality = np.array(rows, dtype=float).T
    hull_cost, hull_quality = mixture_hull(cost, quality)
    assert (np.diff(hull_cost) > 0).all()
    assert (np.diff(hull_quality) > 0).all()
    slopes = np.diff(hull_quality) / np.diff(hull_cost)
    assert (np.diff(slopes) < 0).all()
    assert hull_cost[0] == cost.min()
    assert hull_quality[-1] == quality.max()
    corners = set(zip(hull_cost.tolist(), hull_quality.tolist(), strict=True))
    assert corners <= {(float(c), float(q)) for c, q in rows}
    for one_cost, one_quality in rows:
        attained = quality_on_hull(hull_cost, hull_quality, one_cost)
        assert (hull_quality[-1] if attained is None else attained) >= one_quality - 1e-9
