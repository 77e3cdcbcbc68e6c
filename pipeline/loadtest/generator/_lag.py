"""How far the client itself was behind its schedule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.loadtest.generator._call import Sent

__all__ = ["Lag", "lag_of"]


@dataclass(frozen=True)
class Lag:
    """From the scheduled time to the sending of n calls, ms; NaN without calls."""

    n: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def lag_of(sent: Sequence[Sent]) -> Lag:
    """Sum up the lags of a run."""
    lags = np.array([1e3 * (one.issued - one.scheduled) for one in sent], np.float64)
    if not lags.size:
        return Lag(0, np.nan, np.nan, np.nan)
    p50, p99 = np.quantile(lags, [0.5, 0.99])
    return Lag(lags.size, float(p50), float(p99), float(lags.max()))
