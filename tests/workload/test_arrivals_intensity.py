"""Rates that move in time: exact in every window, and Poisson once time is rescaled."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from pipeline.params import DiurnalParams, DiurnalStateParams, RampParams, SquareParams
from pipeline.workload.arrivals import arrival_times, offered_rate

SQUARE = SquareParams(rates=(40, 6), period_s=10, high_share=0.3)
SQUARE_MEAN = 0.3 * 40 + 0.7 * 6
DAY = DiurnalParams(
    states={
        "night": DiurnalStateParams(level=0.2, dwell_s=3),
        "morning": DiurnalStateParams(level=1, dwell_s=1),
        "peak": DiurnalStateParams(level=4, dwell_s=0.5),
    }
)


def square_rate(params: SquareParams, rate: float) -> Callable[[float], float]:
    high, low = params.levels(rate)
    return lambda t: high if t % params.period_s < params.high_share * params.period_s else low


def ramp_rate(params: RampParams, rate: float) -> Callable[[float], float]:
    start, end = params.from_multiple * rate, params.to_multiple * rate
    return lambda t: start + (end - start) * min(t / params.over_s, 1.0)


def expected_arrivals(rate_at: Callable[[float], float], to: float, breaks: list[float]) -> float:
    """The integral of the rate, by quadrature between the points where it breaks."""
    ends = [0.0, *(point for point in breaks if point < to), to]
    return sum(integrate.quad(rate_at, a, b)[0] for a, b in pairwise(ends) if b > a)


def unit_events(seed: int, n: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_exponential(n))


@settings(max_examples=60)
@given(
    st.floats(0.5, 20),
    st.one_of(st.just(0.0), st.floats(0.01, 0.4)),
    st.floats(1, 30),
    st.floats(0.05, 0.95),
    st.integers(0, 1000),
)
def test_square_inverts_the_integral_of_its_rate(
    high: float, low: float, period_s: float, share: float, seed: int
) -> None:
    params = SquareParams(high_multiple=high, low_multiple=low, period_s=period_s, high_share=share)
    times = arrival_times(params, 1.0, 12, np.random.default_rng(seed))
    switches = [
        (k + part) * period_s for k in range(int(times[-1] / period_s) + 1) for part in (share, 1)
    ]
    found = [expected_arrivals(square_rate(params, 1.0), t, switches) for t in times]
    np.testing.assert_allclose(found, unit_events(seed, 12), rtol=1e-6)


@settings(max_examples=60)
@given(
    st.one_of(st.just(0.0), st.floats(0.01, 5)),
    st.floats(0.01, 5),
    st.floats(0.5, 50),
    st.integers(0, 1000),
)
def test_ramp_inverts_the_integral_of_its_rate(
    start: float, end: float, over_s: float, seed: int
) -> None:
    params = RampParams(from_multiple=start, to_multiple=end, over_s=over_s)
    times = arrival_times(params, 2.0, 40, np.random.default_rng(seed))
    found = [expected_arrivals(ramp_rate(params, 2.0), t, [over_s]) for t in times]
    np.testing.assert_allclose(found, unit_events(seed, 40), rtol=1e-6)


def test_square_has_its_two_rates_in_every_window() -> None:
    times = arrival_times(SQUARE, SQUARE_MEAN, 200_000, np.random.default_rng(5))
    periods = int(times[-1] // SQUARE.period_s)
    edges = (np.arange(periods)[:, None] * 10 + np.array([0.0, 3.0])).ravel()
    counts = np.histogram(times, np.append(edges, periods * 10.0))[0].reshape(-1, 2)
    for column, mean in ((0, 40 * 3), (1, 6 * 7)):
        found = counts[:, column]
        chi2 = float(((found - mean) ** 2 / mean).sum())
        assert 0.005 < stats.chi2(periods).cdf(chi2) < 0.995
        assert 0.005 < stats.poisson(mean * periods).cdf(found.sum()) < 0.995


def test_square_that_is_silent_when_low() -> None:
    params = SquareParams(high_multiple=4, low_multiple=0, period_s=8, high_share=0.25)
    times = arrival_times(params, 10, 20_000, np.random.default_rng(2))
    assert (times % 8 <= 2 + 1e-6).all()
    assert offered_rate(times) == pytest.approx(10, rel=0.03)


def test_ramp_by_hand() -> None:
    """From 0 to 2 over 10 s the integral is t^2 / 10: k expected arrivals by sqrt(10 k)."""
    params = RampParams(from_multiple=0, to_multiple=2, over_s=10)
    times = arrival_times(params, 1, 50, np.random.default_rng(4))
    events = unit_events(4, 50)
    early = events < 10
    assert early.any()
    assert not early.all()
    np.testing.assert_allclose(times[early], np.sqrt(10 * events[early]))
    np.testing.assert_allclose(times[~early], 10 + (events[~early] - 10) / 2)


def test_a_flat_ramp_is_poisson() -> None:
    params = RampParams(from_multiple=1, to_multiple=1, over_s=3)
    times = arrival_times(params, 5, 1000, np.random.default_rng(4))
    np.testing.assert_allclose(times, unit_events(4, 1000) / 5, rtol=1e-12)


def test_compensated_square_gaps_are_unit_exponential() -> None:
    times = arrival_times(SQUARE, SQUARE_MEAN, 20_000, np.random.default_rng(8))
    whole, rest = np.divmod(times, 10.0)
    done = whole * (40 * 3 + 6 * 7) + 40 * np.minimum(rest, 3) + 6 * np.maximum(rest - 3, 0)
    assert stats.kstest(np.diff(done, prepend=0.0), "expon").pvalue > 0.01


def test_diurnal_mean_is_the_named_rate_from_the_first_second() -> None:
    """Stationary from time 0: the expected count of any window is rate * length."""
    rng = np.random.default_rng(17)
    runs = np.array([arrival_times(DAY, 10, 400, rng)[:400] for _ in range(4000)])
    assert (runs[:, -1] > 2.5).all()
    for start, end in ((0.0, 0.5), (0.5, 1.0), (2.0, 2.5)):
        counts = ((runs >= start) & (runs < end)).sum(axis=1)
        error = counts.std() / len(counts) ** 0.5
        assert abs(counts.mean() - 10 * (end - start)) < 4 * error


def test_diurnal_long_run_has_the_named_rate() -> None:
    """Of two states, counts over a long T have variance T (mean + 2 p q (a - b)^2 / (u + v)).

    a, b are the rates, p, q the shares of time, u, v the rates at which the states are left
    (Fischer and Meier-Hellstern, Performance Evaluation 18, 1993).
    """
    params = DiurnalParams(
        states={
            "night": DiurnalStateParams(level=1, dwell_s=2),
            "day": DiurnalStateParams(level=5, dwell_s=1),
        }
    )
    night, day = 3, 15  # levels 1 and 5 average 7 / 3, the named rate is 7
    rates = [
        offered_rate(arrival_times(params, 7, 50_000, np.random.default_rng(seed)))
        for seed in range(100)
    ]
    run_s = 50_000 / 7
    sigma = ((7 + 2 * (2 / 9) * (day - night) ** 2 / (1 / 2 + 1)) / run_s) ** 0.5
    assert abs(np.mean(rates) - 7) < 4 * sigma / 100**0.5
    assert np.std(rates, ddof=1) == pytest.approx(sigma, rel=0.3)


def test_diurnal_gaps_are_those_of_a_process_run_event_by_event() -> None:
    fast = np.diff(arrival_times(DAY, 10, 100_000, np.random.default_rng(21)))
    slow = np.diff(event_by_event(DAY, 10, 30_000, np.random.default_rng(22)))
    # Neighbouring gaps are dependent; every 20th lies in another stay.
    assert stats.ks_2samp(fast[::20], slow[::20]).pvalue > 0.01
    assert fast.std() / fast.mean() == pytest.approx(slow.std() / slow.mean(), rel=0.05)


def event_by_event(
    params: DiurnalParams, rate: float, n: int, rng: np.random.Generator
) -> list[float]:
    """Race the next arrival against the next change of state, one event at a time."""
    states = list(params.states.values())
    cycle = sum(state.dwell_s for state in states)
    unit = rate * cycle / sum(state.level * state.dwell_s for state in states)
    now, place, times = 0.0, 0, []
    while len(times) < n:
        arrives, leaves = unit * states[place].level, 1 / states[place].dwell_s
        now += rng.exponential(1 / (arrives + leaves))
        if rng.random() < arrives / (arrives + leaves):
            times.append(now)
        else:
            place = (place + 1) % len(states)
    return times


def test_equal_levels_are_poisson() -> None:
    params = DiurnalParams(
        states={name: DiurnalStateParams(level=7, dwell_s=2) for name in ("one", "other")}
    )
    times = arrival_times(params, 5, 1000, np.random.default_rng(4))
    np.testing.assert_allclose(times, unit_events(4, 1000) / 5, rtol=1e-9)
