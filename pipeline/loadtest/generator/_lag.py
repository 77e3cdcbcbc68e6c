"""How far the client itself was behind its schedule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.loadtest.generator._call import Sent

__all__ = ["Lag", "lag_of", "late"]


@dataclass(frozen=True)
class Lag:
    """From the scheduled time to the sending of n calls, ms; NaN without calls."""

    n: int
    p50_ms: float
    p99_ms: float
    max_ms: float


def lag_of(sent: Sequence[Sent]) -> Lag:
    """Sum up the lags of a run."""
    lags = _lags_ms(sent)
    if not lags.size:
        return Lag(0, np.nan, np.nan, np.nan)
    p50, p99 = np.quantile(lags, [0.5, 0.99])
    return Lag(lags.size, float(p50), float(p99), float(lags.max()))


def late(sent: Sequence[Sent], limit_ms: float, share: float) -> bool:
    """Whether more than this share of the calls was sent more than `limit_ms` behind schedule."""
    lags = _lags_ms(sent)
    return int((lags > limit_ms).sum()) > share * lags.size


def _lags_ms(sent: Sequence[Sent]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([1e3 * (one.issued - one.scheduled) for one in sent], np.float64)
