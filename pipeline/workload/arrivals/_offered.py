"""What was offered, read off the arrivals that were drawn."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["gap_cv", "offered_rate"]


def offered_rate(times: NDArray[np.float64]) -> float:
    """Gaps per second of the time they cover: the mean rate of (n,) sorted arrivals, requests/s.

    Counting gaps makes it free of where time 0 lies, which a trace and a drawn process put
    differently.

    Raises:
        DataError: there are no two arrivals at different times.
    """
    span = float(times[-1] - times[0]) if times.size else 0.0
    if span <= 0:
        raise DataError(
            f"{times.size} arrivals within {span:g} s have no rate; two at different times do"
        )
    return (times.size - 1) / span


def gap_cv(times: NDArray[np.float64]) -> float:
    """Coefficient of variation of the gaps: 1 for Poisson, above it where arrivals are bursty.

    Raises:
        DataError: there are no two arrivals at different times.
    """
    return float(np.std(np.diff(times))) * offered_rate(times)
