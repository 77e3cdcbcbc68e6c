"""Arrival processes: what holds for all of them, and the moments of each."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.errors import DataError, ParamsError
from pipeline.params import (
    ArrivalParams,
    ClosedParams,
    DiurnalParams,
    DiurnalStateParams,
    GammaParams,
    PoissonParams,
    RampParams,
    ReferenceGammaParams,
    ReferenceSquareParams,
    SquareParams,
    TraceParams,
)
from pipeline.workload.arrivals import arrival_times, gap_cv, offered_rate

LEVEL = st.floats(0.01, 100)
SECONDS = st.floats(0.1, 1000)
SHARE = st.floats(0.01, 0.99)


@st.composite
def squares(draw: st.DrawFn) -> SquareParams:
    low = draw(st.one_of(st.just(0.0), LEVEL))
    return SquareParams(
        high_multiple=low + draw(LEVEL),
        low_multiple=low,
        period_s=draw(SECONDS),
        high_share=draw(SHARE),
    )


@st.composite
def days(draw: st.DrawFn) -> DiurnalParams:
    levels = [draw(LEVEL), *draw(st.lists(st.one_of(st.just(0.0), LEVEL), min_size=1, max_size=4))]
    return DiurnalParams(
        states={
            f"s{i}": DiurnalStateParams(level=level, dwell_s=draw(SECONDS))
            for i, level in enumerate(levels)
        }
    )


OPEN = st.one_of(
    st.just(PoissonParams()),
    st.builds(GammaParams, burstiness=st.floats(0.05, 100)),
    squares(),
    st.builds(
        RampParams,
        from_multiple=st.one_of(st.just(0.0), LEVEL),
        to_multiple=LEVEL,
        over_s=SECONDS,
    ),
    days(),
    st.builds(ReferenceGammaParams, burstiness=st.floats(0.05, 100)),
    st.builds(ReferenceSquareParams, rates=st.tuples(LEVEL, LEVEL), phase_s=SECONDS),
)


@settings(max_examples=300)
@given(OPEN, st.floats(0.01, 1000), st.integers(1, 300), st.integers(0, 2**32))
def test_times_are_sorted_finite_and_as_many_as_asked(
    params: Any, rate: float, n: int, seed: int
) -> None:
    times = arrival_times(params, rate, n, np.random.default_rng(seed))
    assert times.shape == (n,)
    assert times.dtype == np.float64
    assert np.isfinite(times).all()
    assert times[0] >= 0
    assert (np.diff(times) >= 0).all()
    again = arrival_times(params, rate, n, np.random.default_rng(seed))
    np.testing.assert_array_equal(times, again)


@settings(max_examples=100)
@given(
    st.one_of(
        st.just(PoissonParams()),
        st.builds(GammaParams, burstiness=st.floats(0.05, 100)),
        st.builds(ReferenceGammaParams, burstiness=st.floats(0.05, 100)),
    ),
    st.floats(0.01, 100),
    st.integers(0, 2**32),
)
def test_the_rate_is_a_unit_of_time_where_nothing_else_has_one(
    params: Any, rate: float, seed: int
) -> None:
    one = arrival_times(params, 1, 50, np.random.default_rng(seed))
    other = arrival_times(params, rate, 50, np.random.default_rng(seed))
    np.testing.assert_allclose(other * rate, one, rtol=1e-9)


MANY: list[ArrivalParams] = [
    PoissonParams(),
    GammaParams(burstiness=0.3),
    SquareParams(rates=(40, 6), period_s=1),
    RampParams(from_multiple=0, to_multiple=2, over_s=20_000),
    DiurnalParams(
        states={
            "night": DiurnalStateParams(level=1, dwell_s=2),
            "day": DiurnalStateParams(level=5, dwell_s=1),
        }
    ),
    ReferenceGammaParams(burstiness=0.3),
    ReferenceSquareParams(rates=(40, 6)),
]


@pytest.mark.parametrize("params", MANY, ids=lambda params: params.process)
def test_a_million_arrivals(params: ArrivalParams) -> None:
    times = arrival_times(params, 23, 1_000_000, np.random.default_rng(1))
    assert (np.diff(times) >= 0).all()
    if not isinstance(params, RampParams):
        # The stays of the diurnal process alone move its rate by 0.5 %, one sigma.
        assert offered_rate(times) == pytest.approx(23, rel=0.02)


def test_poisson_draws_what_it_always_drew() -> None:
    times = arrival_times(PoissonParams(), 12.5, 5000, np.random.default_rng(7))
    expected = np.cumsum(np.random.default_rng(7).exponential(1 / 12.5, 5000))
    assert times.tobytes() == expected.tobytes()


@pytest.mark.parametrize("burstiness", [0.1, 0.3, 1.0, 4.0])
def test_gamma_has_its_rate_and_cv(burstiness: float) -> None:
    n, rate = 200_000, 18.0
    params = GammaParams(burstiness=burstiness)
    times = arrival_times(params, rate, n, np.random.default_rng(3))
    cv = burstiness**-0.5
    assert offered_rate(times) == pytest.approx(rate, rel=4 * cv / n**0.5)
    assert gap_cv(times) == pytest.approx(cv, rel=0.02)


@pytest.mark.parametrize("burstiness", [0.3, 1.0, 4.0])
def test_gamma_gaps_are_gamma(burstiness: float) -> None:
    """Not tried below 0.3, where sums of seconds swallow many a gap of picoseconds."""
    params = GammaParams(burstiness=burstiness)
    gaps = np.diff(arrival_times(params, 18, 20_000, np.random.default_rng(3)), prepend=0.0)
    assert stats.kstest(gaps * 18 * burstiness, stats.gamma(burstiness).cdf).pvalue > 0.01


def test_gamma_of_shape_one_is_poisson() -> None:
    times = arrival_times(GammaParams(burstiness=1), 5, 50_000, np.random.default_rng(11))
    counts = np.bincount((times[times < 9000]).astype(int), minlength=9000)
    # Of n Poisson counts, sum (x - mean)^2 / mean is chi-square with n - 1 degrees of freedom.
    dispersion = float(((counts - counts.mean()) ** 2).sum() / counts.mean())
    assert 0.005 < stats.chi2(8999).cdf(dispersion) < 0.995


def test_offered_rate_and_cv_by_hand() -> None:
    times = np.array([1.0, 2.0, 5.0])  # gaps 1 and 3: mean 2, standard deviation 1
    assert offered_rate(times) == 0.5
    assert gap_cv(times) == 0.5
    assert offered_rate(times + 100) == 0.5


@pytest.mark.parametrize("times", [[], [3.0], [3.0, 3.0]])
def test_no_rate_where_no_time_passes(times: list[float]) -> None:
    with pytest.raises(DataError, match="have no rate; two at different times do"):
        offered_rate(np.array(times))


def test_a_closed_loop_has_no_times_of_its_own() -> None:
    params = ClosedParams(users=3, think_s=1)
    with pytest.raises(ParamsError, match="process closed has no arrival times of its own"):
        arrival_times(params, 1, 3, np.random.default_rng(0))


@pytest.mark.parametrize(("rate", "n"), [(0.0, 1), (-1.0, 1), (np.inf, 1), (np.nan, 1), (1.0, 0)])
def test_impossible_requests_are_refused(rate: float, n: int) -> None:
    with pytest.raises(ValueError, match="at least 1 arrival at a finite rate above 0"):
        arrival_times(PoissonParams(), rate, n, np.random.default_rng(0))


def test_a_trace_must_be_handed_over() -> None:
    with pytest.raises(ValueError, match="needs the trace"):
        arrival_times(TraceParams(file="a"), 1, 1, np.random.default_rng(0))
