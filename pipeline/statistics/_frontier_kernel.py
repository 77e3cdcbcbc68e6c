"""What is computed of a frontier in every joint draw, compiled."""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled

__all__ = ["best_within", "members", "volumes"]

Floats = NDArray[np.float64]


@compiled
def volumes(draws: Floats) -> Floats:
    """Volume dominated by points in the unit cube whose worst corner is 0: (B, n, 3) to (B,).

    Slab by slab down the third axis; within a slab, the staircase of the first two.
    """
    count, n, _ = draws.shape
    found = np.zeros(count)
    for b in range(count):
        points = draws[b]
        by_x = np.argsort(-points[:, 0])
        by_z = np.argsort(-points[:, 2])
        inside = np.zeros(n, dtype=np.bool_)
        for k in range(n):
            inside[by_z[k]] = True
            floor = points[by_z[k + 1], 2] if k + 1 < n else 0.0
            height = points[by_z[k], 2] - floor
            if height <= 0.0:
                continue
            area, top = 0.0, 0.0
            for i in by_x:
                if inside[i] and points[i, 1] > top:
                    area += points[i, 0] * (points[i, 1] - top)
                    top = points[i, 1]
            found[b] += area * height
    return found


@compiled
def members(draws: Floats) -> Floats:
    """Share of the draws (B, n, d), larger is better, in which no other point dominates each: (n,).

    A point with a missing coordinate is no member and dominates nobody.
    """
    count, n, d = draws.shape
    hits = np.zeros(n)
    for b in range(count):
        for i in range(n):
            if np.isnan(draws[b, i]).any():
                continue
            dominated = False
            for j in range(n):
                as_good, better = True, False
                for k in range(d):
                    # A comparison with NaN is false, so an incomplete point is never as good.
                    if not draws[b, j, k] >= draws[b, i, k]:
                        as_good = False
                        break
                    if draws[b, j, k] > draws[b, i, k]:
                        better = True
                if as_good and better:
                    dominated = True
                    break
            if not dominated:
                hits[i] += 1.0
    shares: Floats = hits / count
    return shares


@compiled
def best_within(x: Floats, y: Floats, at: Floats, mixing: bool) -> Floats:
    """Best y that points (B, n) reach at x up to each of `at` (g,): (B, g), NaN where none is.

    With mixing, two points may share the requests, so that the line between them is reached.
    """
    count, n = x.shape
    found = np.full((count, at.size), np.nan)
    for b in range(count):
        for g in range(at.size):
            best = -np.inf
            for i in range(n):
                if not x[b, i] <= at[g] or np.isnan(y[b, i]):
                    continue
                best = max(best, y[b, i])
                if not mixing:
                    continue
                for j in range(n):
                    if x[b, j] > at[g] and y[b, j] > y[b, i]:
                        share = (at[g] - x[b, i]) / (x[b, j] - x[b, i])
                        best = max(best, y[b, i] + share * (y[b, j] - y[b, i]))
            if best > -np.inf:
                found[b, g] = best
    return found
