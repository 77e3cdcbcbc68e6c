"""Brier score."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["brier"]


def brier(probability: NDArray[np.float64], label: NDArray[np.float64]) -> float:
    """Mean squared difference of predicted and observed quality, both (n,) in [0, 1]."""
    return float(np.mean((np.asarray(probability) - np.asarray(label)) ** 2))
