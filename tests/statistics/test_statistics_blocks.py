"""Dependent requests: effective size, stationary blocks within a run, runs and blocks."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.statistics import (
    block_interval,
    effective_size,
    hierarchical_interval,
    mean_interval,
    replication_interval,
)


def ar(rng, n, phi, size=None):
    """Autoregression of order 1 with mean 0 and variance 1, started in its stationary state."""
    noise = rng.normal(size=(n, *(size or ()))) * np.sqrt(1 - phi**2)
    noise[0] /= np.sqrt(1 - phi**2)
    for i in range(1, n):
        noise[i] += phi * noise[i - 1]
    return noise


def blocks(run, quantile=None, seed=0, level=0.95, resamples=400):
    rng = np.random.default_rng(seed)
    return block_interval(run, quantile=quantile, level=level, resamples=resamples, rng=rng)


def hierarchy(runs, quantile=None, seed=0, level=0.95, resamples=400, block=20):
    rng = np.random.default_rng(seed)
    return hierarchical_interval(
        runs, quantile=quantile, level=level, resamples=resamples, block=block, rng=rng
    )


def test_effective_size_by_hand():
    # Around 0: 1 1 -1 -1, autocorrelations 1, 1/4, -2/4, -1/4; the second pair is negative.
    size, lag1 = effective_size([3.0, 3.0, 1.0, 1.0])
    assert size == pytest.approx(4 / (1 + 2 * 0.25))
    assert lag1 == pytest.approx(0.25)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_effective_size_of_an_autoregression(phi):
    n = 50_000
    size, lag1 = effective_size(ar(np.random.default_rng(1), n, phi))
    assert lag1 == pytest.approx(phi, abs=0.02)
    assert size == pytest.approx(n * (1 - phi) / (1 + phi), rel=0.12)


def test_negative_dependence_is_no_gain_and_constants_have_none():
    assert effective_size([0.0, 1.0] * 20) == (40.0, pytest.approx(-1.0, abs=0.03))
    assert effective_size([1.0] * 20) is None
    assert effective_size([1.0, 2.0]) is None
    with pytest.raises(DataError, match="missing"):
        effective_size([1.0, float("nan"), 2.0])


def test_independent_values_get_the_usual_interval():
    values = np.random.default_rng(0).normal(5.0, 2.0, 2000)
    got = blocks(values, resamples=2000)
    error = values.std(ddof=1) / np.sqrt(2000)
    assert got.estimate == pytest.approx(values.mean())
    assert got.high - got.low == pytest.approx(2 * 1.96 * error, rel=0.15)
    assert got.method.startswith("stationary block bootstrap, within-run, block ")


def test_dependence_is_printed_and_widens_the_interval():
    values = ar(np.random.default_rng(4), 4000, 0.8)
    got = blocks(values)
    alone = mean_interval(
        values, np.arange(4000), level=0.95, resamples=400, rng=np.random.default_rng(0)
    )
    # The truth is a factor of sqrt(1.8 / 0.2) = 3.
    assert 2.0 < (got.high - got.low) / (alone.high - alone.low) < 4.0
    assert "lag-1 0.8" in got.method
    assert got.clusters == 4000 // int(got.method.split("block ")[2].split(",")[0])


def test_blocks_of_an_autoregression_cover():
    hits = 0
    for number in range(120):
        run = ar(np.random.default_rng([5, number]), 1000, 0.5)
        got = blocks(run, seed=number, level=0.9, resamples=199)
        hits += got.low <= 0.0 <= got.high
    # Three standard errors of 120 repetitions at 0.9 are 0.08; blocks are a little short.
    assert 0.79 <= hits / 120 <= 0.965


def test_quantile_of_a_run():
    values = np.random.default_rng(2).exponential(size=3000)
    got = blocks(values, quantile=0.95)
    assert got.estimate == pytest.approx(np.quantile(values, 0.95))
    # Density of the exponential at its p95 is 0.05: error sqrt(.95 * .05 / n) / .05 = .08.
    assert got.high - got.low == pytest.approx(2 * 1.96 * 0.0796, rel=0.3)


@pytest.mark.parametrize(
    ("run", "quantile", "reason"),
    [
        (np.arange(49.0), None, "49 values in the run, 50 needed"),
        (np.arange(190.0), 0.95, "9 requests beyond the percentile in a run, 10 needed"),
        (np.r_[np.zeros(60), np.ones(60)], None, "the run holds"),
    ],
)
def test_runs_too_short_for_blocks_say_so(run, quantile, reason):
    got = blocks(run, quantile)
    assert got.method.startswith(f"degenerate: {reason}")
    assert (got.low, got.high) == (None, None)
    assert got.estimate == pytest.approx(run.mean() if quantile is None else 179.55)


def test_equal_seeds_give_equal_bounds():
    run = ar(np.random.default_rng(1), 500, 0.3)
    assert blocks(run) == blocks(run)
    assert blocks(run) != blocks(run, seed=1)
    assert hierarchy([run, run + 1]) == hierarchy([run, run + 1])


def slow_hierarchy(runs, quantile, level, resamples, block, rng):
    """The definition, one request after the other."""
    draws = []
    for _ in range(resamples):
        values = []
        for pick in rng.integers(0, len(runs), len(runs)):
            run, drawn = runs[pick], []
            while len(drawn) < run.size:
                first = rng.integers(run.size)
                drawn += [run[(first + i) % run.size] for i in range(block)]
            sample = drawn[: run.size]
            values.append(np.mean(sample) if quantile is None else np.quantile(sample, quantile))
        draws.append(np.mean(values))
    return np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])


@pytest.mark.parametrize("quantile", [None, 0.5])
def test_hierarchy_agrees_with_the_slow_twin(quantile):
    rng = np.random.default_rng(6)
    runs = [ar(rng, n, 0.5) + effect for n, effect in ((40, 0.0), (50, 0.3), (61, -0.4))]
    low, high = slow_hierarchy(runs, quantile, 0.9, 1500, 7, rng)
    got = hierarchy(runs, quantile, level=0.9, resamples=4000, block=7)
    statistics = [run.mean() if quantile is None else np.quantile(run, quantile) for run in runs]
    assert got.estimate == pytest.approx(np.mean(statistics))
    assert (got.low, got.high) == pytest.approx((low, high), abs=0.07 * (high - low))
    assert (got.n, got.clusters) == (151, 3)
    assert got.method == "hierarchical bootstrap over runs, block 7"


def test_five_runs_that_differ_cover_less_than_t_says():
    hits = {"hierarchical": 0, "t": 0}
    for number in range(200):
        rng = np.random.default_rng([7, number])
        runs = list((ar(rng, 200, 0.3, (5,)) + 2.0 * rng.normal(size=5)).T)
        told = {
            "hierarchical": hierarchy(runs, seed=number, resamples=199, block=10),
            "t": replication_interval([run.mean() for run in runs], level=0.95),
        }
        for name, got in told.items():
            hits[name] += got.low <= 0.0 <= got.high
    assert 0.90 <= hits["t"] / 200 <= 0.99
    assert hits["hierarchical"] / 200 < 0.90


@pytest.mark.parametrize(
    ("runs", "quantile", "reason"),
    [
        ([], None, "no runs"),
        ([np.arange(100.0)], None, "one run"),
        ([np.ones(100), np.ones(100)], None, "constant data"),
        ([np.arange(100.0), np.arange(39.0)], None, "a run has 39 values, two blocks of 20 needed"),
        ([np.arange(300.0), np.arange(190.0)], 0.95, "9 requests beyond"),
    ],
)
def test_runs_that_carry_no_interval_say_so(runs, quantile, reason):
    got = hierarchy(runs, quantile)
    assert got.method.startswith(f"degenerate: {reason}")
    assert (got.low, got.high, got.clusters) == (None, None, len(runs))


def test_misuse_is_refused():
    run = np.arange(100.0)
    with pytest.raises(DataError, match="run 1 has no values"):
        hierarchy([run, []])
    with pytest.raises(DataError, match="run 0 has 1 missing"):
        hierarchy([np.r_[run, np.nan], run])
    with pytest.raises(ValueError, match="block"):
        hierarchy([run, run], block=0)
    with pytest.raises(ValueError, match="resamples"):
        hierarchy([run, run], resamples=0)
    with pytest.raises(ValueError, match="quantile"):
        hierarchy([run, run], 1.0)
    with pytest.raises(ValueError, match="quantile"):
        blocks(run, 0.0)
    with pytest.raises(ValueError, match="resamples"):
        blocks(run, resamples=0)
