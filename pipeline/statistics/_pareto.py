"""Frontier membership, and the hull that random mixing of single models reaches."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["mixture_hull", "pareto_mask", "quality_on_hull"]

Floats = NDArray[np.float64]
Point = tuple[float, float]


def pareto_mask(points: Floats, maximise: tuple[bool, ...]) -> NDArray[np.bool_]:
    """Which of n points (n, d) no other dominates, (n,).

    A point dominates another if it is at least as good everywhere and better somewhere; equal
    points are members together.
    """
    good = np.asarray(points, dtype=np.float64) * np.where(maximise, 1.0, -1.0)
    as_good = (good[:, None, :] >= good[None, :, :]).all(axis=2)
    better = (good[:, None, :] > good[None, :, :]).any(axis=2)
    dominated: NDArray[np.bool_] = (as_good & better).any(axis=0)
    return ~dominated


def mixture_hull(cost: Floats, quality: Floats) -> tuple[Floats, Floats]:
    """Upper concave envelope of the single models, non-decreasing, cheapest first.

    Sending each prompt to one of two models at random reaches every point on the segment between
    them, so a router that looks at the prompt has to lie above this line to be worth anything.
    """
    order = np.lexsort((-np.asarray(quality), np.asarray(cost)))
    hull: list[tuple[float, float]] = []
    for i in order:
        point = (float(cost[i]), float(quality[i]))
        if hull and point[1] <= hull[-1][1]:
            continue
        while len(hull) >= 2 and _below(hull[-1], hull[-2], point):
            hull.pop()
        hull.append(point)
    xs, ys = zip(*hull, strict=True)
    return np.array(xs), np.array(ys)


def _below(
    middle: tuple[float, float], left: tuple[float, float], right: tuple[float, float]
) -> bool:
    rise = (middle[1] - left[1]) * (right[0] - left[0])
    return rise <= (right[1] - left[1]) * (middle[0] - left[0])


def quality_on_hull(cost_h: Floats, quality_h: Floats, cost: float) -> float | None:
    """Quality of the mixture that costs `cost`; None outside the hull, never extrapolated."""
    if not cost_h[0] <= cost <= cost_h[-1]:
        return None
    return float(np.interp(cost, cost_h, quality_h))
