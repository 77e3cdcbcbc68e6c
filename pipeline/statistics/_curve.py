"""The curve of one system's operating points, which some metrics read between the points."""

import numpy as np

from pipeline.statistics._arrays import Floats

__all__ = ["Point", "area", "curve"]

Point = tuple[float, float]


def curve(x: Floats, y: Floats, start: Point, end: Point | None = None) -> tuple[Floats, Floats]:
    """Order points (k,) by x and tie the ends down: x (h,) strictly increasing, and y (h,).

    Points at the same x become their mean. Those at or beyond an end give way to it.
    """
    inside = x > start[0] if end is None else (x > start[0]) & (x < end[0])
    between, which, counts = np.unique(x[inside], return_inverse=True, return_counts=True)
    means = np.bincount(which, weights=y[inside], minlength=between.size) / counts
    last = [] if end is None else [end]
    return (
        np.concatenate([[start[0]], between, [one[0] for one in last]]),
        np.concatenate([[start[1]], means, [one[1] for one in last]]),
    )


def area(x: Floats, y: Floats, low: float, high: float) -> float:
    """Area under the lines from corner to corner over low..high; low must not lie before x[0].

    Beyond the last corner the curve stays at its height.
    """
    at = np.concatenate([[low], x[(x > low) & (x < high)], [high]])
    return float(np.trapezoid(np.interp(at, x, y), at))
