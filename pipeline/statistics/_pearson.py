"""Pearson's correlation of two columns, and what is left of it when a third is known."""

import numpy as np

from pipeline.statistics._arrays import Floats

__all__ = ["partial_correlation", "pearson", "weighted_correlation"]

_ROUNDING = 1e-9  # values that differ by no more are one value; correlating them would be noise


def pearson(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson's r of (x, y) when pair i counts weights[:, i] times; (b,).

    Args:
        x, y: (n,) numbers, none missing.
        weights: (b, n) counts, one resample a row.

    Returns:
        r, -1 to 1; NaN where there are fewer than 3 pairs or a column is constant.
    """
    return weighted_correlation(x[None, :], y[None, :], weights)


def weighted_correlation(x: Floats, y: Floats, weights: Floats) -> Floats:
    """As `pearson`, for columns (b or 1, n) that may differ from resample to resample."""
    count = weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        dx = x - (weights * x).sum(axis=1, keepdims=True) / count
        dy = y - (weights * y).sum(axis=1, keepdims=True) / count
        xx, yy = (weights * dx * dx).sum(axis=1), (weights * dy * dy).sum(axis=1)
        r = (weights * dx * dy).sum(axis=1) / np.sqrt(xx * yy)
    least = count[:, 0] * _ROUNDING**2
    known = (count[:, 0] >= 3) & (xx > least) & (yy > least)
    found: Floats = np.where(known, np.clip(r, -1.0, 1.0), np.nan)
    return found


def partial_correlation(x: Floats, y: Floats, given: Floats, weights: Floats) -> Floats:
    """Correlation of x and y among pairs of equal `given`, by linear regression on it; (b,).

    Args, returns: as `pearson`; NaN also where `given` is constant or determines x or y.
    """
    xy, xz, yz = (pearson(*two, weights) for two in ((x, y), (x, given), (y, given)))
    left = (1.0 - xz**2) * (1.0 - yz**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (xy - xz * yz) / np.sqrt(left)
    found: Floats = np.where(left > _ROUNDING, np.clip(r, -1.0, 1.0), np.nan)
    return found
