"""Pinball loss of a predicted quantile."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import finite_columns, open_share

__all__ = ["pinball"]


def pinball(y: npt.ArrayLike, predicted_quantile: npt.ArrayLike, q: float) -> float:
    """Mean of max(q d, (q - 1) d) with d = y - prediction (Koenker and Bassett 1978).

    Args:
        y: (n,) outcomes, in any unit.
        predicted_quantile: (n,) predicted q-quantiles, in the same unit.
        q: the quantile, strictly between 0 and 1.

    Returns:
        The loss in the unit of `y`; smallest in expectation for the true quantile.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no rows.
        ValueError: `q` is outside 0..1.
    """
    open_share(q, "q")
    actual, predicted = finite_columns(y=y, predicted_quantile=predicted_quantile)
    distance = actual - predicted
    return float(np.maximum(q * distance, (q - 1.0) * distance).mean())
