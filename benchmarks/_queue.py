"""A queue whose truth is known by brute force: several servers, one line, lognormal service."""

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["latencies", "long_run", "runs"]

SERVERS, SIGMA = 4, 0.8
Floats = NDArray[np.float64]


@numba.njit  # type: ignore[untyped-decorator]
def latencies(gaps: Floats, services: Floats, servers: int) -> Floats:
    """Time in the system of each customer, first come first served (Kiefer and Wolfowitz 1955)."""
    free = np.zeros(servers)
    found = np.empty(gaps.size)
    now = 0.0
    for i in range(gaps.size):
        now += gaps[i]
        first = free.argmin()
        free[first] = max(free[first], now) + services[i]
        found[i] = free[first] - now
    return found


def runs(load: float, n: int, warmup: int, count: int, rng: np.random.Generator) -> list[Floats]:
    """Latencies of `count` independent runs, each (n,), in mean service times."""
    return [_run(load, n + warmup, rng)[warmup:] for _ in range(count)]


def long_run(load: float, rng: np.random.Generator) -> tuple[float, float]:
    """Mean and 95th percentile of the queue that has run for ever: 20 million customers."""
    found = _run(load, 20_000_000, rng)[100_000:]
    return float(found.mean()), float(np.quantile(found, 0.95))


def _run(load: float, n: int, rng: np.random.Generator) -> Floats:
    gaps = rng.exponential(1.0 / (load * SERVERS), n)
    services = rng.lognormal(-(SIGMA**2) / 2, SIGMA, n)
    found: Floats = latencies(gaps, services, SERVERS)
    return found
