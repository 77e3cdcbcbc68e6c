"""The share of a box that points dominate, against counting and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import hypervolume, hypervolumes

WORST, BEST = np.array([0.0, 10.0, 4.0]), np.array([1.0, 0.0, 0.0])
coordinate = st.integers(0, 8).map(lambda step: step / 8)
cloud = st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=7)


def counted(points: np.ndarray, steps: int = 8) -> float:
    """Share of the cells of a grid of eighths that lie under a point: exact for such points."""
    middles = (np.arange(steps) + 0.5) / steps
    grid = np.stack(np.meshgrid(middles, middles, middles, indexing="ij"), axis=-1).reshape(-1, 3)
    return float((grid[:, None] < points[None]).all(axis=2).any(axis=1).mean())


def test_by_hand() -> None:
    # Quality .5 at 5 s and 2 USD: half of each axis.
    assert hypervolume([[0.5, 5.0, 2.0]], worst=WORST, best=BEST) == pytest.approx(0.125)
    two = [[0.5, 5.0, 2.0], [1.0, 7.5, 3.0]]
    # The second alone: 1 * .25 * .25; both share .5 * .25 * .25.
    told = hypervolume(two, worst=WORST, best=BEST)
    assert told == pytest.approx(0.125 + 0.0625 - 0.03125)
    flat = [[0.5, 5.0], [1.0, 7.5]]
    assert hypervolume(flat, worst=WORST[:2], best=BEST[:2]) == pytest.approx(0.25 + 0.125)


def test_limits() -> None:
    assert hypervolume([[2.0, -1.0, -1.0]], worst=WORST, best=BEST) == 1.0
    assert hypervolume([[0.9, 10.0, 0.0]], worst=WORST, best=BEST) == 0.0
    assert hypervolume([[np.nan, 1.0, 1.0]], worst=WORST, best=BEST) == 0.0
    assert hypervolume(np.zeros((0, 3)), worst=WORST, best=BEST) == 0.0
    for box in ({"worst": WORST, "best": WORST}, {"worst": WORST[:2], "best": BEST[:2]}):
        with pytest.raises(DataError):
            hypervolume([[0.5, 5.0, 2.0]], **box)


@settings(max_examples=60)
@given(cloud)
def test_it_counts_the_cells(points: list[tuple[float, float, float]]) -> None:
    table, ones = np.array(points), np.ones(3)
    told = hypervolume(table, worst=np.zeros(3), best=ones)
    assert told == pytest.approx(counted(table), abs=1e-12)


@settings(max_examples=60)
@given(cloud, st.tuples(coordinate, coordinate, coordinate))
def test_more_never_hurts_and_the_dominated_add_nothing(
    points: list[tuple[float, float, float]], extra: tuple[float, float, float]
) -> None:
    box = {"worst": np.zeros(3), "best": np.ones(3)}
    before = hypervolume(points, **box)
    after = hypervolume([*points, extra], **box)
    assert after >= before - 1e-12
    if any(all(a >= b for a, b in zip(point, extra, strict=True)) for point in points):
        assert after == pytest.approx(before, abs=1e-12)


def test_draws_are_one_by_one() -> None:
    draws = np.random.default_rng(1).random((5, 4, 3)) * [1.0, 10.0, 4.0]
    told = hypervolumes(draws, worst=WORST, best=BEST)
    assert told == pytest.approx([hypervolume(one, worst=WORST, best=BEST) for one in draws])
