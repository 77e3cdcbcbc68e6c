"""How sure it is that a point lies on the frontier."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats

__all__ = ["membership"]


def membership(draws: npt.ArrayLike, maximise: tuple[bool, ...]) -> Floats:
    """Share of the joint draws in which no other point dominates each: its chance of membership.

    The rule of a draw is that of `pareto_mask`: as good in every axis and better in one dominates,
    equal points are members together. A point with a missing coordinate is no member there and
    dominates nobody.

    Args:
        draws: (B, n, d) joint draws of n points.
        maximise: (d,) whether more is better, per axis.

    Returns:
        (n,) shares, 0..1.

    Raises:
        DataError: the shape does not fit, or there are no draws.
    """
    from pipeline.statistics._frontier_kernel import members

    table = np.asarray(draws, dtype=np.float64)
    if table.ndim != 3 or table.shape[2] != len(maximise) or not table.shape[0]:
        raise DataError(
            f"draws have shape {table.shape}; (B, n, {len(maximise)}) with B >= 1 is accepted"
        )
    found: Floats = members(np.ascontiguousarray(table * np.where(maximise, 1.0, -1.0)))
    return found
