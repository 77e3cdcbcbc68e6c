"""Joint draws of runs, membership, bands, and intervals of what is computed from draws."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.statistics import (
    frontier_band,
    interval_of_draws,
    membership,
    mixture_hull,
    over_draws,
    paired_replication_interval,
    pareto_mask,
    quality_on_hull,
    replication_interval,
    run_draws,
)

RUNS = np.array([[1.0, 2.0], [1.2, 2.1], [0.9, 2.0], [1.4, 2.6], [1.1, 2.2]])


def test_draws_of_runs_are_the_t_intervals() -> None:
    draws = run_draws(RUNS, draws=200_000, rng=np.random.default_rng(1))
    single = replication_interval(RUNS[:, 0], level=0.9)
    pair = paired_replication_interval(RUNS[:, 1], RUNS[:, 0], level=0.9)
    for column, told in ((draws[:, 0], single), (draws[:, 1] - draws[:, 0], pair)):
        assert np.quantile(column, [0.05, 0.95]) == pytest.approx([told.low, told.high], abs=0.005)


def test_runs_that_are_missing_or_alike() -> None:
    told = run_draws([[1.0, np.nan, 3.0], [2.0, 5.0, 3.0]], draws=4, rng=np.random.default_rng(1))
    assert np.isnan(told[:, 1]).all()
    assert (told[:, 2] == 3.0).all()
    assert len(set(told[:, 0])) == 4
    for bad in ([[1.0, 2.0]], [1.0, 2.0], [[1.0], [np.inf]]):
        with pytest.raises(DataError):
            run_draws(bad, draws=4, rng=np.random.default_rng(1))


def test_membership_is_the_share_of_frontiers() -> None:
    rng = np.random.default_rng(2)
    # Few values, so that ties happen.
    draws = rng.integers(0, 4, (300, 6, 3)).astype(float)
    maximise = (True, False, False)
    slow = np.mean([pareto_mask(one, maximise) for one in draws], axis=0)
    assert membership(draws, maximise) == pytest.approx(slow)


def test_an_incomplete_point_is_no_member_and_keeps_nobody_out() -> None:
    draws = np.array([[[1.0, 1.0], [np.nan, 0.0], [0.5, 2.0]]])
    assert membership(draws, (True, False)).tolist() == [1.0, 0.0, 0.0]
    with pytest.raises(DataError):
        membership(draws, (True,))


def test_steps_and_hull_by_hand() -> None:
    points = np.array([[1.0, 0.4], [2.0, 0.3], [3.0, 0.8]])
    at = [0.5, 1.0, 2.0, 3.0, 9.0]
    draws = np.repeat(points[None], 10, axis=0)
    steps = frontier_band(points, draws, at, level=0.9)
    hull = frontier_band(points, draws, at, level=0.9, mixing=True)
    assert np.isnan(steps.estimate[0])
    assert steps.defined.tolist() == [0.0, 1.0, 1.0, 1.0, 1.0]
    assert steps.estimate[1:].tolist() == [0.4, 0.4, 0.8, 0.8]
    assert hull.estimate[1:] == pytest.approx([0.4, 0.6, 0.8, 0.8])


def test_the_hull_is_the_mixture_hull() -> None:
    rng = np.random.default_rng(3)
    points = rng.random((7, 2))
    corners = mixture_hull(points[:, 0], points[:, 1])
    at = np.linspace(corners[0][0], corners[0][-1], 9)
    told = frontier_band(points, points[None], at, level=0.9, mixing=True)
    assert told.estimate == pytest.approx([quality_on_hull(*corners, x) for x in at])


def test_the_joint_band_holds_whole_frontiers() -> None:
    rng = np.random.default_rng(4)
    points = np.column_stack([np.arange(1.0, 9.0), np.linspace(0.2, 0.9, 8)])
    draws = np.stack(
        [np.tile(points[:, 0], (4000, 1)), points[:, 1] + 0.05 * rng.normal(size=(4000, 8))], 2
    )
    at = np.arange(1.0, 9.0)
    told = frontier_band(points, draws, at, level=0.9)
    best = np.maximum.accumulate(draws[:, :, 1], axis=1)
    inside = (best >= told.low) & (best <= told.high)
    assert inside.mean() == pytest.approx(0.9, abs=0.01)
    assert inside.all(axis=1).mean() < 0.8
    whole = ((best >= told.joint_low) & (best <= told.joint_high)).all(axis=1).mean()
    assert whole == pytest.approx(0.9, abs=0.002)


def test_where_few_draws_reach_there_is_no_band() -> None:
    points = np.array([[1.0, 0.5], [2.0, 0.7]])
    draws = np.stack([points, points + np.array([0.5, 0.1])])
    told = frontier_band(points, draws, [1.0, 2.0], level=0.9)
    assert told.defined.tolist() == [0.5, 1.0]
    assert np.isnan(told.low[0])
    assert told.estimate[0] == 0.5
    assert told.low[1] < told.high[1]


def test_where_draws_agree_there_is_no_band_of_no_width() -> None:
    draws = np.array([[[1.0, 0.5], [2.0, 0.7]], [[1.0, 0.5], [2.0, 0.8]], [[1.0, 0.5], [2.0, 0.9]]])
    told = frontier_band(draws[1], draws, [1.0, 2.0], level=0.9)
    assert told.estimate.tolist() == [0.5, 0.8]
    for bound in (told.low, told.high, told.joint_low, told.joint_high):
        assert np.isnan(bound).tolist() == [True, False]


def test_an_interval_of_draws_or_why_not() -> None:
    draws = np.arange(101.0)
    told = interval_of_draws(50.0, draws, level=0.9, method="joint draws", n=7, clusters=3)
    assert (told.estimate, told.n, told.clusters) == (50.0, 7, 3)
    assert (told.low, told.high) == pytest.approx((5.0, 95.0))
    holes = np.where(draws < 10, np.nan, draws)
    refused = {
        "undefined on these data": (None, draws),
        "undefined in 10 of 101 draws": (50.0, holes),
        "all equal": (1.0, np.ones(9)),
    }
    for reason, (point, values) in refused.items():
        told = interval_of_draws(point, values, level=0.9, method="m", n=7, clusters=3)
        assert told.low is None
        assert told.high is None
        assert reason in told.method


def test_a_function_over_draws() -> None:
    def ratio(a: np.ndarray, b: np.ndarray) -> float | None:
        return float(a.sum() / b.sum()) if b.sum() else None

    told = over_draws(ratio, np.array([[1.0, 3.0], [1.0, 1.0]]), np.array([[2.0], [0.0]]))
    assert told[0] == 2.0
    assert np.isnan(told[1])
    assert np.isnan(over_draws(ratio, np.array([[1.0, np.nan]]), np.array([[2.0]]))).all()
