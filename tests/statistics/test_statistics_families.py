"""Corrections of families, detectable effects and the noise floor."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import (
    benjamini_hochberg,
    clustered_standard_error,
    detectable_over_clusters,
    detectable_over_runs,
    holm,
    mean_interval,
    noise_floor,
    replication_interval,
)


def test_benjamini_hochberg_by_hand():
    # Sorted .01 .03 .04 times 3 / rank is .03 .045 .04; .045 falls to the .04 after it.
    assert benjamini_hochberg([0.04, 0.01, 0.03]) == pytest.approx([0.04, 0.03, 0.04])
    assert benjamini_hochberg([]).size == 0
    assert benjamini_hochberg([0.2]).tolist() == [0.2]


@settings(max_examples=50, database=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.randoms(use_true_random=False))
def test_benjamini_hochberg_agrees_with_scipy_and_never_exceeds_holm(raw, random):
    from scipy import stats

    adjusted = benjamini_hochberg(raw)
    assert adjusted == pytest.approx(stats.false_discovery_control(raw))
    assert (adjusted >= np.array(raw) - 1e-15).all()
    assert (adjusted <= holm(raw) + 1e-12).all()
    order = list(range(len(raw)))
    random.shuffle(order)
    assert benjamini_hochberg([raw[i] for i in order]).tolist() == adjusted[order].tolist()


def test_benjamini_hochberg_keeps_the_share_of_false_rejections():
    rng = np.random.default_rng(2)
    shares = []
    for _ in range(500):
        null = rng.random(30)
        real = rng.random(10) ** 12
        rejected = benjamini_hochberg(np.concatenate([null, real])) <= 0.2
        shares.append(rejected[:30].sum() / max(1, rejected.sum()))
    # The expectation is 0.2 * 30 / 40; four standard errors are about 0.02.
    assert np.mean(shares) == pytest.approx(0.15, abs=0.025)


def test_adjusting_refuses_what_is_no_share():
    with pytest.raises(DataError, match="missing"):
        benjamini_hochberg([0.1, float("nan")])
    with pytest.raises(DataError, match="spans"):
        benjamini_hochberg([0.1, 1.2])


def test_detectable_over_runs_is_detected_as_often_as_it_says():
    from scipy import special

    rng = np.random.default_rng(3)
    n, margin, sigma = 5, 0.4, 2.0
    # Runs whose standard deviation is exactly sigma give the effect for that sigma.
    runs = np.array([-1.0, 1.0, 0.0, -1.0, 1.0])
    runs *= sigma / runs.std(ddof=1)
    effect = detectable_over_runs(runs, margin=margin, level=0.95, power=0.8)
    sample = rng.normal(effect, sigma, (20_000, n))
    half = special.stdtrit(n - 1, 0.975) * sample.std(axis=1, ddof=1) / np.sqrt(n)
    shown = sample.mean(axis=1) - half > margin
    # Four standard errors of 20,000 repetitions at 0.8 are 0.011.
    assert shown.mean() == pytest.approx(0.8, abs=0.011)
    told = replication_interval(sample[0], level=0.95)
    assert told.low == pytest.approx(sample[0].mean() - half[0])


def test_detectable_over_clusters_is_detected_as_often_as_it_says():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(120), 3)

    def draw(mean):
        return mean + rng.normal(size=120)[groups] + rng.normal(size=360)

    # Var of a cluster mean is 1 + 1/3, so the true standard error is sqrt(4/3 / 120).
    error = np.sqrt(4 / 3 / 120)
    effects = [
        detectable_over_clusters(draw(0.0), groups, margin=-0.1, level=0.95, power=0.8)
        for _ in range(50)
    ]
    assert np.mean(effects) == pytest.approx(-0.1 + (1.95996 + 0.84162) * error, rel=0.05)
    shown = 0
    for _ in range(300):
        got = mean_interval(draw(np.mean(effects)), groups, level=0.95, resamples=400, rng=rng)
        shown += got.low > -0.1
    # Four standard errors of 300 repetitions at 0.8 are 0.09.
    assert shown / 300 == pytest.approx(0.8, abs=0.09)


def test_more_power_needs_a_larger_effect_and_the_margin_shifts_it():
    runs = [0.1, 0.4, -0.2, 0.3, 0.0]
    small = detectable_over_runs(runs, margin=0.0, level=0.95, power=0.8)
    assert detectable_over_runs(runs, margin=0.0, level=0.95, power=0.9) > small
    assert detectable_over_runs(runs, margin=-1.0, level=0.95, power=0.8) == pytest.approx(
        small - 1.0
    )
    assert detectable_over_runs(runs[:3], margin=0.0, level=0.95, power=0.8) > small


@pytest.mark.parametrize("runs", [[], [1.0], [2.0, 2.0, 2.0]])
def test_no_spread_detects_nothing(runs):
    assert detectable_over_runs(runs, margin=0.0, level=0.9, power=0.8) is None
    groups = np.arange(len(runs))
    assert detectable_over_clusters(runs, groups, margin=0.0, level=0.9, power=0.8) is None
    assert clustered_standard_error(runs, groups) is None


def test_detectable_misuse_is_an_error_of_the_caller():
    for options in ({"level": 1.0}, {"power": 0.0}, {"margin": float("nan")}):
        told = {"margin": 0.0, "level": 0.95, "power": 0.8} | options
        [name] = options
        with pytest.raises(ValueError, match=name):
            detectable_over_runs([0.0, 1.0], **told)
        with pytest.raises(ValueError, match=name):
            detectable_over_clusters([0.0, 1.0], [0, 1], **told)


def test_clustered_error_by_hand():
    # Mean 1; residual sums of the clusters are -2 and 2: sqrt(2 / 1 * 8) / 4.
    assert clustered_standard_error([0.0, 0.0, 1.0, 3.0], list("aabb")) == pytest.approx(1.0)
    values = np.random.default_rng(0).normal(size=30)
    alone = clustered_standard_error(values, np.arange(30))
    assert alone == pytest.approx(values.std(ddof=1) / np.sqrt(30))
    assert clustered_standard_error([1.0, 2.0], ["a", "a"]) is None
    assert clustered_standard_error([0.1, 0.2, 0.3, 0.3, 0.2, 0.1], list("aaabbb")) is None


def test_clustered_error_agrees_with_the_bootstrap():
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(200), rng.integers(1, 6, 200))
    values = rng.normal(size=200)[groups] + rng.normal(size=groups.size)
    got = mean_interval(values, groups, level=0.95, resamples=4000, rng=rng)
    error = clustered_standard_error(values, groups)
    assert (got.high - got.low) / (2 * 1.95996) == pytest.approx(error, rel=0.05)


def test_noise_floor_by_hand():
    # RMS of 3 and 4 is sqrt(12.5); chi-square of 2 degrees has its 5 % point at -2 ln .95.
    got = noise_floor([3.0, -4.0], level=0.95)
    assert got.estimate == pytest.approx(12.5**0.5)
    assert got.low == 0.0
    assert got.high == pytest.approx((25.0 / (-2 * np.log(0.95))) ** 0.5)
    assert (got.n, got.clusters) == (2, 2)


def test_noise_floor_covers():
    rng = np.random.default_rng(8)
    hits = sum(noise_floor(rng.normal(0, 3, 5), level=0.9).high >= 3.0 for _ in range(1000))
    # Exact for normal differences; four standard errors of 1,000 repetitions are 0.038.
    assert hits / 1000 == pytest.approx(0.9, abs=0.038)


@pytest.mark.parametrize(
    ("differences", "reason", "point"),
    [
        ([], "no runs", None),
        ([-0.5], "one run", 0.5),
        ([0.0, 0.0], "identical arms never differed", 0.0),
    ],
)
def test_floors_without_spread_say_so(differences, reason, point):
    got = noise_floor(differences, level=0.95)
    assert got.method == f"degenerate: {reason}"
    assert (got.estimate, got.low, got.high) == (point, None, None)
