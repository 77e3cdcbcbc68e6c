"""Pinball loss."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["pinball"]


def pinball(y: NDArray[np.float64], predicted: NDArray[np.float64], q: float) -> float:
    """Mean loss of a forecast of quantile q, (n,) each, in the unit of y; least at the truth."""
    gap = np.asarray(y) - np.asarray(predicted)
    return float(np.mean(np.maximum(q * gap, (q - 1) * gap)))
