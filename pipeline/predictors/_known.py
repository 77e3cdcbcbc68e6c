"""Columns of numbers of which some are unknown."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["column_means", "require_known"]

Floats = NDArray[np.float64]


def require_known(columns: list[str], values: Floats) -> None:
    """Raise DataError naming the first column, of (N, C), without a single known value."""
    for place, column in enumerate(columns):
        if np.isnan(values[:, place]).all():
            raise DataError(f"{column!r} has no known value to learn from")


def column_means(values: Floats, otherwise: Floats | None = None) -> Floats:
    """Means of the known values of each column, (C,); `otherwise` where there are none, or NaN."""
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    fill = np.full(values.shape[1], np.nan) if otherwise is None else otherwise
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), fill)
    return means
