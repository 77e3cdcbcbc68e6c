"""Holm's correction for a family of tests."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["holm"]

Floats = NDArray[np.float64]


def holm(pvalues: Floats) -> Floats:
    """Adjusted P-values, (k,): reject where below alpha, family-wise error <= alpha (Holm 1979)."""
    values = np.asarray(pvalues, dtype=np.float64)
    if np.isnan(values).any():
        raise DataError("a P-value is missing; a family with gaps has no correction")
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted
