"""The reference's rescaled arrivals: its own loop, its own end, and the peak it never offers."""

import numpy as np
import pytest

from pipeline.params import ReferenceGammaParams, ReferenceSquareParams, SquareParams
from pipeline.workload.arrivals import arrival_times, offered_rate, rescaled_levels

N = 3534


def one_by_one(
    rates: list[float], burstiness: float, rate: float, rng: np.random.Generator
) -> list[float]:
    """Gaps one at a time, summed, then stretched to end at n / rate (reference.md, 2.3)."""
    times, now = [], 0.0
    for at in rates:
        now += float(rng.gamma(burstiness, 1 / (at * burstiness)))
        times.append(now)
    return [time * (len(rates) / rate) / now for time in times]


@pytest.mark.parametrize("burstiness", [0.3, 1.0, 3.0])
def test_gamma_is_the_loop(burstiness: float) -> None:
    params = ReferenceGammaParams(burstiness=burstiness)
    times = arrival_times(params, 18, N, np.random.default_rng(5))
    slow = one_by_one([18.0] * N, burstiness, 18, np.random.default_rng(5))
    np.testing.assert_allclose(times, slow, rtol=1e-9)


def test_square_is_the_loop() -> None:
    params = ReferenceSquareParams(rates=(30, 6))
    times = arrival_times(params, 18, N, np.random.default_rng(5))
    rates = [30.0 if i % ((30 + 6) * 30) < 30 * 30 else 6.0 for i in range(N)]
    draws = np.random.default_rng(5).exponential(1.0, N) / rates
    slow = np.cumsum(draws) * (N / 18) / draws.sum()
    np.testing.assert_allclose(times, slow, rtol=1e-9)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [6.0, 18.0, 23.0])
def test_the_last_arrival_is_at_n_over_rate(seed: int, rate: float) -> None:
    for params in (ReferenceGammaParams(burstiness=0.3), ReferenceSquareParams(rates=(40, 6))):
        times = arrival_times(params, rate, N, np.random.default_rng(seed))
        assert times[-1] == N / rate


@pytest.mark.parametrize(
    ("rates", "rate", "high", "low"), [((40, 6), 23, 36.3, 5.4), ((30, 6), 18, 29.0, 5.8)]
)
def test_the_named_peak_is_never_offered(
    rates: tuple[float, float], rate: float, high: float, low: float
) -> None:
    params = ReferenceSquareParams(rates=rates)
    assert rescaled_levels(params, rate, N) == pytest.approx((high, low), abs=0.05)
    peaks = [drawn_peak(params, rate, seed) for seed in range(40)]
    assert np.mean(peaks) == pytest.approx(high, rel=0.01)
    assert np.mean(peaks) < 0.98 * rates[0]


def drawn_peak(params: ReferenceSquareParams, rate: float, seed: int) -> float:
    """Requests of the high phases over the seconds that their gaps last."""
    times = arrival_times(params, rate, N, np.random.default_rng(seed))
    high, low = params.rates
    in_high = np.arange(N) % ((high + low) * 30) < high * 30
    return float(in_high.sum() / np.diff(times, prepend=0.0)[in_high].sum())


def test_whole_cycles_leave_the_named_levels() -> None:
    assert rescaled_levels(ReferenceSquareParams(rates=(30, 6)), 18, 1080) == pytest.approx((30, 6))


def test_by_time_the_named_peak_is_offered() -> None:
    params = SquareParams(rates=(40, 6), period_s=60)
    peaks = []
    for seed in range(40):
        times = arrival_times(params, 23, N, np.random.default_rng(seed))
        first = times[times < 30]
        peaks.append(first.size / 30)
    assert np.mean(peaks) == pytest.approx(40, abs=4 * (40 / 30 / 40) ** 0.5)


def test_rescaling_takes_the_variance_of_the_rate_away() -> None:
    params = ReferenceGammaParams(burstiness=0.3)
    rates = [
        offered_rate(arrival_times(params, 18, N, np.random.default_rng(seed)))
        for seed in range(20)
    ]
    # n - 1 gaps in at most n / rate s; what varies is the first gap alone.
    assert np.std(rates) < 0.05
    assert np.mean(rates) == pytest.approx(18, rel=0.005)
