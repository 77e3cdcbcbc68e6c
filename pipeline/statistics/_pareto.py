"""Frontiers: who is dominated, and what mixing single models at random already attains."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Bools, Floats, finite_columns

__all__ = ["mixture_hull", "pareto_mask", "quality_on_hull"]


def pareto_mask(points: npt.ArrayLike, maximise: tuple[bool, ...]) -> Bools:
    """Which points no other point dominates.

    A point is dominated when another is at least as good in every axis and better in one, so
    equal points are members together.

    Args:
        points: (n, d) one row per system; n may be 0.
        maximise: (d,) whether more is better, per axis.

    Returns:
        (n,) true for members of the frontier.

    Raises:
        DataError: a coordinate is NaN or infinite, or d differs from the axes of `maximise`.
    """
    table = np.asarray(points, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(maximise):
        raise DataError(f"points have shape {table.shape}; (n, {len(maximise)}) is accepted")
    if not np.isfinite(table).all():
        raise DataError("points have missing or infinite coordinates; drop and count them first")
    better = table * np.where(maximise, 1.0, -1.0)
    return np.array([not _dominated(point, better) for point in better], dtype=np.bool_)


def _dominated(point: Floats, others: Floats) -> bool:
    as_good = (others >= point).all(axis=1)
    return bool((as_good & (others > point).any(axis=1)).any())


def mixture_hull(cost: npt.ArrayLike, quality: npt.ArrayLike) -> tuple[Floats, Floats]:
    """What mixing the single models at random attains: the non-decreasing upper concave envelope.

    It is the baseline called the zero router by RouterBench (arXiv 2403.12031): at any cost
    between two corners, send that share of requests to each. It starts at the cheapest model and
    ends at the cheapest of the best.

    Args:
        cost: (m,) mean cost of each model, in any unit.
        quality: (m,) mean quality of each model.

    Returns:
        cost (h,) and quality (h,) of its corners, both strictly increasing, h >= 1.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no models.
    """
    costs, qualities = finite_columns(cost=cost, quality=quality)
    corners: list[tuple[float, float]] = []
    for index in np.lexsort((-qualities, costs)):
        point = (float(costs[index]), float(qualities[index]))
        if corners and point[1] <= corners[-1][1]:
            continue
        while len(corners) >= 2 and not _above(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    hull = np.array(corners)
    return hull[:, 0], hull[:, 1]


def _above(
    start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]
) -> bool:
    """Whether the middle lies strictly above the line from start to end."""
    rise_first = (middle[1] - start[1]) * (end[0] - start[0])
    return rise_first > (end[1] - start[1]) * (middle[0] - start[0])


def quality_on_hull(cost_h: npt.ArrayLike, quality_h: npt.ArrayLike, cost: float) -> float | None:
    """Quality of the hull at a cost, linear between its corners.

    Args:
        cost_h: (h,) costs of the corners, strictly increasing.
        quality_h: (h,) their qualities.
        cost: where to read it, in the unit of `cost_h`.

    Returns:
        The quality; None outside the costs of the hull, which is never extrapolated.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, there are no corners, or the
            costs do not increase.
    """
    costs, qualities = finite_columns(cost_h=cost_h, quality_h=quality_h)
    if not np.isfinite(cost):
        raise DataError(f"cost is {cost}; a finite number is accepted")
    if np.any(np.diff(costs) <= 0.0):
        raise DataError("cost_h does not increase; pass the corners that mixture_hull returns")
    if not costs[0] <= cost <= costs[-1]:
        return None
    return float(np.interp(cost, costs, qualities))
