"""The reference's client, defects included, so that its published runs can be repeated.

Its times are stretched after drawing so that the last one falls on n / rate. A square wave whose
phases do not fill whole cycles is thereby offered at other levels than it names: 40 and 6 at rate
23 over 3,534 requests are offered as 36.3 and 5.4.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ReferenceGammaParams, ReferenceSquareParams

__all__ = ["reference_gamma_times", "reference_square_times", "rescaled_levels"]

Floats = NDArray[np.float64]


def reference_gamma_times(
    params: ReferenceGammaParams, rate: float, n: int, rng: np.random.Generator
) -> Floats:
    """(n,) arrival times, s: gamma gaps as in the process gamma, ending exactly at n / rate."""
    shape = params.burstiness
    return _ending_at(n / rate, np.cumsum(rng.gamma(shape, 1 / (rate * shape), n)))


def reference_square_times(
    params: ReferenceSquareParams, rate: float, n: int, rng: np.random.Generator
) -> Floats:
    """(n,) arrival times, s: exponential gaps at the rate of each index, ending at n / rate."""
    return _ending_at(n / rate, np.cumsum(rng.exponential(1 / _rate_by_index(params, n))))


def rescaled_levels(params: ReferenceSquareParams, rate: float, n: int) -> tuple[float, float]:
    """The high and low rates, requests/s, that the rescaling leaves of the named ones.

    In expectation over the draw: the named gaps last sum(1 / rate_i) s and are stretched to
    n / rate.
    """
    stretch = (n / rate) / float(np.sum(1 / _rate_by_index(params, n)))
    high, low = params.rates
    return high / stretch, low / stretch


def _rate_by_index(params: ReferenceSquareParams, n: int) -> Floats:
    high, low = params.rates
    place = np.arange(n) % ((high + low) * params.phase_s)
    return np.where(place < high * params.phase_s, high, low)


def _ending_at(end_s: float, times: Floats) -> Floats:
    # In this order the last one is end_s to the bit.
    share: Floats = times / times[-1]
    return share * end_s
