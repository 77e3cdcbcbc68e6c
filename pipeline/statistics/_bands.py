"""Band around a frontier: what is attained at a cost or a latency, draw by draw."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite, open_share

__all__ = ["Band", "frontier_band"]

_DEFINED = 0.95  # share of draws that reach an abscissa from which on a band is given there


@dataclass(frozen=True)
class Band:
    """A frontier over g abscissae; every array is (g,), NaN where it has no value.

    Attributes:
        at: the abscissae.
        estimate: what the points attain there; NaN below the first of them.
        low, high: pointwise interval.
        joint_low, joint_high: the band that holds the whole frontier at once.
        defined: share of the draws that attain anything there.
    """

    at: Floats
    estimate: Floats
    low: Floats
    high: Floats
    joint_low: Floats
    joint_high: Floats
    defined: Floats


def frontier_band(
    points: npt.ArrayLike,
    draws: npt.ArrayLike,
    at: npt.ArrayLike,
    *,
    level: float,
    mixing: bool = False,
) -> Band:
    """Return the attained quality at each cost or latency, with pointwise and joint bounds.

    In every draw the best y of the points whose x is at most the abscissa is taken: quantiles of
    the empirical attainment function (Grunert da Fonseca and Fonseca 2001). The joint band is
    estimate +- c sd with c the quantile of the largest standardised deviation over all abscissae,
    so that a share `level` of the drawn frontiers lies within it everywhere.

    Args:
        points: (n, 2) x (less is better) and y (more is better) of one system's operating points.
        draws: (B, n, 2) their joint draws.
        at: (g,) abscissae, in the unit of x.
        level: confidence level.
        mixing: whether requests may be shared between two points at random, which attains the line
            between them: the hull instead of the steps.

    Returns:
        The band; without bounds where less than 95 % of the draws attain anything, or where all
        draws attain the same.

    Raises:
        DataError: a shape does not fit or an abscissa is missing.
        ValueError: `level` is outside 0..1.
    """
    from pipeline.statistics._frontier_kernel import best_within

    open_share(level, "level")
    told, table = (np.asarray(one, dtype=np.float64) for one in (points, draws))
    if told.ndim != 2 or told.shape[1] != 2 or table.shape[1:] != told.shape:
        raise DataError(
            f"points have shape {told.shape} and draws {table.shape}; (n, 2) and (B, n, 2) fit"
        )
    where = finite(at, "at")
    estimate, drawn = (
        best_within(
            np.ascontiguousarray(one[..., 0]), np.ascontiguousarray(one[..., 1]), where, mixing
        )
        for one in (told[None], table)
    )
    defined = 1.0 - np.isnan(drawn).mean(axis=0)
    kept = (defined >= _DEFINED) & ~np.isnan(estimate[0])
    kept[kept] = np.nanmax(drawn[:, kept], axis=0) > np.nanmin(drawn[:, kept], axis=0)
    pointwise, joint = (np.full((2, where.size), np.nan) for _ in range(2))
    if kept.any():
        shares = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
        pointwise[:, kept] = np.nanquantile(drawn[:, kept], shares, axis=0)
        joint[:, kept] = _joint(estimate[0, kept], drawn[:, kept], level)
    low, high = pointwise
    return Band(where, estimate[0], low, high, joint[0], joint[1], defined)


def _joint(estimate: Floats, drawn: Floats, level: float) -> Floats:
    """Bounds (2, g) that hold a share `level` of the drawn frontiers everywhere."""
    deviation = np.abs(drawn - estimate)
    scale = np.nanstd(drawn, axis=0)
    largest = np.nanmax(deviation / scale, axis=1, initial=0.0)
    reach = np.quantile(largest, level) * scale
    return np.array([estimate - reach, estimate + reach])
