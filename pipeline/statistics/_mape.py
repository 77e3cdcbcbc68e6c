"""Mean absolute error in shares of the actual value."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import finite_columns

__all__ = ["mape"]


def mape(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> float:
    """Mean of |actual - predicted| / actual, as a share: 0.1 is ten per cent.

    Args:
        actual: (n,) outcomes above 0, for example seconds.
        predicted: (n,) predictions in the same unit.

    Raises:
        DataError: an actual value is 0 or negative, a value is NaN or infinite, the lengths
            differ, or there are no rows.
    """
    truth, guess = finite_columns(actual=actual, predicted=predicted)
    if truth.min() <= 0.0:
        raise DataError(f"actual has values down to {truth.min():g}; above 0 is accepted")
    return float((np.abs(truth - guess) / truth).mean())
