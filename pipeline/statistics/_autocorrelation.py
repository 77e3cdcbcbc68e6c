"""How many independent values a series of dependent ones is worth."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite

__all__ = ["effective_size"]


def effective_size(series: npt.ArrayLike) -> tuple[float, float] | None:
    """Independent values with the same error of the mean, and the autocorrelation at lag 1.

    n_eff = n / (1 + 2 sum of autocorrelations), summed in pairs of lags up to the first pair that
    is not positive (Geyer 1992). At most n: negative dependence is not read as a gain.

    Args:
        series: (n,) numbers in the order of time, in any unit.

    Returns:
        n_eff, 1..n, and lag-1 autocorrelation, -1..1; None for fewer than three values or constant
        data, where neither is defined.

    Raises:
        DataError: a value is NaN or infinite.
    """
    values = finite(series, "series")
    if values.size < 3 or np.ptp(values) == 0.0:
        return None
    correlations = _autocorrelations(values)
    pairs = correlations[: 2 * (values.size // 2)].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    used = pairs[: negative[0]] if negative.size else pairs
    # The pairs start with lag 0, whose correlation of 1 counts once.
    time = max(1.0, 2.0 * float(used.sum()) - 1.0)
    return values.size / time, float(correlations[1])


def _autocorrelations(values: Floats) -> Floats:
    """Autocorrelation at lags 0..n-1, (n,), with the divisor n at every lag."""
    centred = values - values.mean()
    # Twice the length of zeros keeps the end from meeting the beginning.
    spectrum = np.fft.rfft(centred, 2 * values.size)
    covariances = np.fft.irfft(np.abs(spectrum) ** 2)[: values.size]
    correlations: Floats = covariances / covariances[0]
    return correlations
