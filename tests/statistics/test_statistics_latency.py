"""The interval of latencies on the scale of their reciprocals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import latency_interval, replication_interval


def test_by_hand() -> None:
    told = latency_interval([1.0, 2.0], level=0.5)
    # t(1) at .75 is 1; of 1 and 1/2 the standard error is .25; the middle is 1 / 1.5.
    assert told.estimate == 1.5
    assert told.low == pytest.approx(1 / (2 / 3 + 0.25))
    assert told.high == pytest.approx(1 / (2 / 3 - 0.25))
    assert (told.n, told.clusters) == (2, 2)


def test_runs_that_hardly_differ_have_the_plain_interval() -> None:
    runs = 3.0 + 1e-4 * np.random.default_rng(1).normal(size=5)
    told, plain = (f(runs, level=0.95) for f in (latency_interval, replication_interval))
    assert told.low == pytest.approx(plain.low, rel=1e-6)
    assert told.high == pytest.approx(plain.high, rel=1e-6)


@given(st.lists(st.floats(0.5, 2.0), min_size=2, max_size=8), st.floats(0.1, 100.0))
def test_the_unit_does_not_matter_and_the_mean_lies_within(runs: list[float], unit: float) -> None:
    told = latency_interval(runs, level=0.9)
    other = latency_interval([unit * run for run in runs], level=0.9)
    if told.low is None or told.high is None or other.low is None:
        assert told.method.startswith("degenerate")
        return
    assert other.low == pytest.approx(unit * told.low)
    assert told.low < told.estimate < told.high  # type: ignore[operator]
    assert told.high - told.estimate >= told.estimate - told.low  # type: ignore[operator]


def test_refusals() -> None:
    for runs, reason in (
        ([], "no runs"),
        ([1.0], "one run"),
        ([2.0, 2.0], "all runs are equal"),
        ([1.0, 100.0], "differ too much"),
    ):
        told = latency_interval(runs, level=0.95)
        assert told.low is None
        assert reason in told.method
        assert told.estimate == (np.mean(runs) if runs else None)
    with pytest.raises(DataError, match="above 0"):
        latency_interval([1.0, 0.0], level=0.95)
