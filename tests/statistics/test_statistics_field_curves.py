"""Metrics of a system's curve of operating points, by hand, at their limits and in any order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import (
    aiq,
    apgr,
    audc,
    cost_at_quality,
    cost_save,
    cpt,
    interval_of_draws,
    mixture_hull,
    over_draws,
    perf_gain,
    pgr,
    qnc,
    quality_at_cost,
    quality_on_hull,
)

unit = st.integers(0, 20).map(lambda step: step / 20)
clouds = st.lists(st.tuples(unit, unit), min_size=1, max_size=8)
several = settings(max_examples=60, database=None)

MODELS = {"model_cost": [1.0, 2.0, 5.0], "model_quality": [0.2, 0.5, 0.8]}
ORACLE = {"oracle_cost": [1.0, 3.0, 5.0], "oracle_quality": [0.4, 0.8, 0.9]}


def test_aiq_of_a_line_by_hand() -> None:
    line = [1.0, 3.0], [0.2, 0.6]
    assert aiq(*line, low=1.0, high=3.0) == pytest.approx(0.4)
    # From 2 to 3 rises from .4 to .6; from 3 to 4 it stays at .6.
    assert aiq(*line, low=2.0, high=4.0) == pytest.approx((0.5 + 0.6) / 2)
    # Nothing below 1, then the line: (0 + .8) / 3.
    assert aiq(*line, low=0.0, high=3.0) == pytest.approx(0.8 / 3)
    assert aiq([2.0], [0.7], low=2.0, high=9.0) == pytest.approx(0.7)
    assert aiq(*line, low=0.1, high=0.9) is None
    with pytest.raises(ValueError, match="width"):
        aiq(*line, low=1.0, high=1.0)


@several
@given(clouds)
def test_aiq_is_the_mean_height_of_the_hull(points: list[tuple[float, float]]) -> None:
    cost, quality = np.array(points).T
    corners = mixture_hull(cost, quality)
    at = (np.arange(1000) + 0.5) / 1000
    heights = [quality_on_hull(*corners, min(x, corners[0][-1])) for x in at]
    slow = np.mean([0.0 if height is None else height for height in heights])
    assert aiq(cost, quality, low=0.0, high=1.0) == pytest.approx(slow, abs=2e-3)


@several
@given(clouds, st.randoms(use_true_random=False))
def test_order_and_dominated_points_do_not_matter(points, random) -> None:
    cost, quality = np.array(points).T
    worse = (float(cost[0]) + 0.05, float(quality[0]) - 0.05)
    mixed = [*points, worse]
    random.shuffle(mixed)
    other = np.array(mixed).T
    for told in (
        lambda c, q: aiq(c, q, low=0.0, high=2.0),
        lambda c, q: quality_at_cost(c, q, 0.6),
        lambda c, q: cost_at_quality(c, q, 0.6),
        lambda c, q: qnc(c, q, strong_cost=2.0, strong_quality=0.5),
        lambda c, q: cost_save(c, q, best_cost=2.0, best_quality=0.5),
        lambda c, q: perf_gain(q, 0.5),
    ):
        first, second = told(cost, quality), told(*other)
        assert (first is None) == (second is None)
        if first is not None:
            assert second == pytest.approx(first, abs=1e-12)


def test_iso_by_hand_and_nothing_is_extrapolated() -> None:
    cost, quality = [1.0, 2.0, 3.0], [0.4, 0.5, 0.8]
    assert quality_at_cost(cost, quality, 2.0) == pytest.approx(0.6)
    assert quality_at_cost(cost, quality, 9.0) == 0.8
    assert quality_at_cost(cost, quality, 0.9) is None
    assert cost_at_quality(cost, quality, 0.6) == pytest.approx(2.0)
    assert cost_at_quality(cost, quality, 0.1) == 1.0
    assert cost_at_quality(cost, quality, 0.81) is None


@several
@given(clouds, unit)
def test_cost_and_quality_are_read_off_one_curve(points, at) -> None:
    cost, quality = np.array(points).T
    reached = cost_at_quality(cost, quality, at)
    if reached is None:
        assert at > quality.max()
        return
    told = quality_at_cost(cost, quality, reached)
    assert told is not None
    assert told >= at - 1e-12


def test_qnc_by_hand() -> None:
    cost, quality = [1.0, 3.0], [0.5, 0.9]
    assert qnc(cost, quality, strong_cost=4.0, strong_quality=0.8) == pytest.approx(2.5 / 4)
    assert qnc([4.0], [0.8], strong_cost=4.0, strong_quality=0.8) == 1.0
    assert qnc(cost, quality, strong_cost=4.0, strong_quality=0.91) is None
    assert qnc(cost, quality, strong_cost=0.0, strong_quality=0.5) is None


def test_saving_and_gain_count_measured_points_alone() -> None:
    saved = cost_save([1.0, 3.0], [0.5, 0.9], best_cost=4.0, best_quality=0.8)
    assert saved == pytest.approx(0.25)
    assert cost_save([1.0, 3.0], [0.5, 0.7], best_cost=4.0, best_quality=0.8) is None
    assert perf_gain([0.5, 0.9], 0.8) == pytest.approx(0.125)
    assert perf_gain([], 0.8) is None


def test_pgr_by_hand() -> None:
    assert pgr(0.5, weak=0.4, strong=0.8) == pytest.approx(0.25)
    assert pgr(0.3, weak=0.4, strong=0.8) == pytest.approx(-0.25)
    assert pgr(0.5, weak=0.8, strong=0.8) is None


def test_apgr_of_random_perfect_and_useless_routers() -> None:
    gap = {"weak": 0.4, "strong": 0.8}
    share = np.linspace(0.0, 1.0, 11)
    assert apgr(share, 0.4 + 0.4 * share, **gap) == pytest.approx(0.5)
    assert apgr([0.5], [0.6], **gap) == pytest.approx(0.5)
    # All of the gap is won with the first 0.2: (0.2 / 2 + 0.8).
    assert apgr([0.2], [0.8], **gap) == pytest.approx(0.9)
    assert apgr([1e-9], [0.8], **gap) == pytest.approx(1.0)
    assert apgr([1.0 - 1e-9], [0.4], **gap) == pytest.approx(0.0, abs=1e-8)
    assert apgr([0.5], [0.6], weak=0.8, strong=0.8) is None
    with pytest.raises(DataError, match="share"):
        apgr([1.5], [0.6], **gap)


def test_apgr_is_the_ratio_of_areas() -> None:
    # RouteLLM's form: areas of quality over the share, less that of the weak model.
    share, quality = np.array([0.0, 0.3, 0.6, 1.0]), np.array([0.4, 0.65, 0.7, 0.8])
    areas = np.trapezoid(quality, share) - 0.4
    assert apgr(share, quality, weak=0.4, strong=0.8) == pytest.approx(areas / 0.4)
    mixed = [2, 0, 3, 1]
    assert apgr(share[mixed], quality[mixed], weak=0.4, strong=0.8) == pytest.approx(areas / 0.4)


def test_cpt_by_hand() -> None:
    gap = {"weak": 0.4, "strong": 0.8}
    # PGR is 0, .5, .25 and 1 at shares 0, .2, .6 and 1: .5 is first reached at .2.
    share, quality = [0.6, 0.2], [0.5, 0.6]
    assert cpt(share, quality, **gap, reached=0.5) == pytest.approx(0.2)
    assert cpt(share, quality, **gap, reached=0.2) == pytest.approx(0.08)
    assert cpt(share, quality, **gap, reached=0.8) == pytest.approx(0.6 + 0.4 * 0.55 / 0.75)
    assert cpt([0.5], [0.6], **gap, reached=0.8) == pytest.approx(0.8)
    assert cpt([0.5], [0.6], weak=0.8, strong=0.4, reached=0.5) is None
    with pytest.raises(ValueError, match="reached"):
        cpt(share, quality, **gap, reached=1.0)


def test_audc_between_random_and_oracle() -> None:
    hull = mixture_hull(MODELS["model_cost"], MODELS["model_quality"])
    assert audc(*hull, **MODELS, **ORACLE) == pytest.approx(0.0)
    assert audc(ORACLE["oracle_cost"], ORACLE["oracle_quality"], **MODELS, **ORACLE) == 1.0
    # Hull: .35 + 1.95 = 2.3. Router .2 -> .6 at 3, then .6: .8 + 1.2 = 2.0.
    # Oracle .4 -> .8 at 3 -> .9 at 5: 1.2 + 1.7 = 2.9.
    assert audc([3.0], [0.6], **MODELS, **ORACLE) == pytest.approx(-0.3 / 0.6)
    one = {"model_cost": [1.0, 2.0], "model_quality": [0.5, 0.4]}
    assert audc([3.0], [0.6], **one, **ORACLE) is None
    bad = {"oracle_cost": [1.0], "oracle_quality": [0.2]}
    assert audc([3.0], [0.6], **MODELS, **bad) is None


def test_points_cheaper_than_every_model_count_in_a_deferral_curve() -> None:
    # Flat at .85 over 1..5 is 3.4, against 2.3 of the hull and 2.9 of the oracle.
    for cost in (0.9, 1.0):
        assert audc([cost], [0.85], **MODELS, **ORACLE) == pytest.approx(1.1 / 0.6)
    # The line from (0, .2) to (4, .6) is at .3 where the range starts: 1.35 + .6.
    assert audc([0.0, 4.0], [0.2, 0.6], **MODELS, **ORACLE) == pytest.approx(-0.35 / 0.6)
    cheap = {"oracle_cost": [0.95], "oracle_quality": [0.9]}
    assert audc([0.95], [0.9], **MODELS, **cheap) == 1.0


def test_a_dominated_point_costs_a_deferral_curve_its_area() -> None:
    with_it = audc([2.0, 3.0], [0.3, 0.6], **MODELS, **ORACLE)
    without = audc([3.0], [0.6], **MODELS, **ORACLE)
    assert with_it is not None
    assert without is not None
    assert with_it < without


@pytest.mark.parametrize("bad", [([], []), ([1.0], [np.nan]), ([1.0, 2.0], [0.5])])
def test_no_points_and_missing_values_are_refused(bad) -> None:
    for metric in (
        lambda c, q: aiq(c, q, low=0.0, high=1.0),
        lambda c, q: quality_at_cost(c, q, 1.0),
        lambda c, q: cost_at_quality(c, q, 0.5),
        lambda c, q: apgr(c, q, weak=0.0, strong=1.0),
        lambda c, q: audc(c, q, **MODELS, **ORACLE),
        lambda c, q: cost_save(c, q, best_cost=1.0, best_quality=0.5),
    ):
        with pytest.raises(DataError):
            metric(*bad)


def test_a_ratio_gets_the_interval_of_its_draws() -> None:
    # Quality of a two-point system is normal around (.5, .7), with sd .01 at both points, so AIQ
    # over its range, their mean, has sd .01 / sqrt(2).
    rng = np.random.default_rng(5)
    quality = np.array([0.5, 0.7]) + 0.01 * rng.normal(size=(4000, 2))
    cost = np.tile([1.0, 2.0], (4000, 1))
    drawn = over_draws(lambda c, q: aiq(c, q, low=1.0, high=2.0), cost, quality)
    told = interval_of_draws(0.6, drawn, level=0.95, method="joint draws", n=9, clusters=9)
    assert told.low is not None
    assert told.high is not None
    assert told.high - told.low == pytest.approx(2 * 1.96 * 0.01 / np.sqrt(2), rel=0.06)
