"""Student t over runs: by hand, against scipy.stats, and its coverage."""

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.statistics import (
    Estimate,
    paired_replication_interval,
    paired_t_pvalue,
    replication_interval,
)


def test_three_runs_by_hand():
    # Mean 2, s = 1, t(2) at 0.975 = 4.302653: half width 4.302653 / sqrt(3).
    got = replication_interval([1.0, 2.0, 3.0], level=0.95)
    assert got.estimate == 2.0
    assert got.high - 2.0 == pytest.approx(4.302653 / 3**0.5, abs=1e-6)
    assert 2.0 - got.low == pytest.approx(got.high - 2.0)
    assert (got.n, got.clusters, got.method) == (3, 3, "Student t over runs")


def test_common_random_numbers_leave_only_the_difference():
    got = paired_replication_interval([11.0, 22.0, 33.0], [10.0, 20.0, 30.0], level=0.95)
    same = replication_interval([1.0, 2.0, 3.0], level=0.95)
    assert (got.estimate, got.low, got.high) == pytest.approx((2.0, same.low, same.high))
    assert got.method == "paired Student t over runs"


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("shift", [0.0, 0.4, -2.0])
def test_p_values_agree_with_scipy(alternative, shift):
    from scipy import stats

    rng = np.random.default_rng(1)
    a, b = rng.normal(0.3, 1, 8), rng.normal(0, 1, 8)
    expected = stats.ttest_1samp(a - b, shift, alternative=alternative).pvalue
    assert paired_t_pvalue(a, b, shift, alternative) == pytest.approx(expected)


def test_interval_and_test_agree():
    a, b = np.array([1.0, 2.0, 4.0, 3.0]), np.array([0.5, 0.0, 1.0, 2.5])
    got = paired_replication_interval(a, b, level=0.9)
    assert paired_t_pvalue(a, b, shift=got.low) == pytest.approx(0.1)
    assert paired_t_pvalue(a, b, shift=got.low, alternative="greater") == pytest.approx(0.05)


def test_coverage_of_five_runs_is_nominal():
    rng = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        got = replication_interval(rng.normal(3.0, 2.0, 5), level=0.95)
        hits += got.low <= 3.0 <= got.high
    # Exact for normal runs; four standard errors of 400 repetitions are 0.044.
    assert abs(hits / 400 - 0.95) <= 0.044


@pytest.mark.parametrize(
    ("runs", "reason", "point"),
    [
        ([], "no runs", None),
        ([4.0], "one run", 4.0),
        ([0.1] * 3, "all runs are equal", pytest.approx(0.1)),
    ],
)
def test_degenerate_runs_say_so(runs, reason, point):
    got = replication_interval(runs, level=0.9)
    size = len(runs)
    assert got == Estimate(got.estimate, None, None, 0.9, f"degenerate: {reason}", size, size)
    assert got.estimate == point
    assert paired_t_pvalue(runs, np.zeros(size)) is None


def test_a_constant_difference_is_seen_through_rounding():
    b = np.array([1000.1, 2000.7, 3000.3])
    got = paired_replication_interval(b + 0.1, b, level=0.95)
    assert got.method == "degenerate: all runs are equal"
    assert got.estimate == pytest.approx(0.1)


def test_rounding_of_a_late_clock_is_no_spread():
    waits = [(start + 2e-4) - start for start in (3.0, 60.0, 500.0)]
    assert len(set(waits)) > 1
    assert replication_interval(waits, level=0.95).method == "degenerate: all runs are equal"


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="missing"):
        replication_interval([1.0, float("nan")], level=0.95)
    with pytest.raises(DataError, match="equal runs"):
        paired_replication_interval([1.0, 2.0], [1.0], level=0.95)
    with pytest.raises(ValueError, match="level"):
        replication_interval([1.0, 2.0], level=1.0)
    with pytest.raises(ValueError, match="alternative"):
        paired_t_pvalue([1.0, 2.0], [0.0, 0.0], alternative="bigger")


def test_as_row_names_every_field():
    row = replication_interval([1.0, 3.0], level=0.5).as_row()
    assert list(row) == ["estimate", "low", "high", "level", "method", "n", "clusters", "missing"]
    assert row["estimate"] == 2.0


def test_bounds_end_where_the_unit_ends():
    told = replication_interval([0.9, 1.0, 0.95], level=0.99)
    assert told.high > 1.0
    ended = told.within(0.0, 1.0)
    assert (ended.low, ended.high, ended.estimate) == (told.low, 1.0, told.estimate)
    one = replication_interval([0.9], level=0.99)
    assert one.within(0.0, 1.0) == one
