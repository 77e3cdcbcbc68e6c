"""Hypervolume: the share of a declared box that some points dominate."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats

__all__ = ["hypervolume", "hypervolumes"]


def hypervolume(points: npt.ArrayLike, *, worst: npt.ArrayLike, best: npt.ArrayLike) -> float:
    """Share 0..1 of the box from `worst` to `best` that the points dominate (Zitzler 1999).

    Every axis is scaled by its declared ends, so its direction follows from them. What lies beyond
    `best` counts as `best`; a point at or behind `worst` in some axis adds nothing. The share
    depends on the box: figures of different boxes cannot be compared.

    Args:
        points: (n, d) one row per operating point, d = 2 or 3, in the units of the box; a row with
            a NaN is left out.
        worst, best: (d,) the ends of each axis.

    Raises:
        DataError: a shape does not fit, or an axis of the box has no width.
    """
    table = np.asarray(points, dtype=np.float64)
    return float(hypervolumes(table[None], worst=worst, best=best)[0])


def hypervolumes(draws: npt.ArrayLike, *, worst: npt.ArrayLike, best: npt.ArrayLike) -> Floats:
    """The same for every joint draw: (B, n, d) to (B,).

    Raises:
        DataError: a shape does not fit, or an axis of the box has no width.
    """
    from pipeline.statistics._frontier_kernel import volumes

    table = np.asarray(draws, dtype=np.float64)
    low, high = (np.asarray(end, dtype=np.float64) for end in (worst, best))
    if table.ndim != 3 or table.shape[2] not in (2, 3) or low.shape != high.shape:
        raise DataError(f"draws have shape {table.shape}; (B, n, 2) and (B, n, 3) are accepted")
    if low.shape != (table.shape[2],):
        raise DataError(f"the box has {low.size} axes but the points have {table.shape[2]}")
    if not (np.isfinite(low) & np.isfinite(high) & (low != high)).all():
        raise DataError(f"the box from {low} to {high} has an axis without width")
    scaled = np.clip((table - low) / (high - low), 0.0, 1.0)
    scaled[np.isnan(scaled).any(axis=2)] = 0.0
    if scaled.shape[2] == 2:
        scaled = np.concatenate([scaled, np.ones((*scaled.shape[:2], 1))], axis=2)
    found: Floats = volumes(np.ascontiguousarray(scaled))
    return found
