"""Mean absolute percentage error."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["mape"]


def mape(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Mean of |predicted - actual| / actual, as a fraction; actual must be above 0."""
    if (np.asarray(actual) <= 0).any():
        raise DataError("a relative error needs actual values above 0")
    return float(np.mean(np.abs(predicted - actual) / actual))
