"""How often an interval held the truth."""

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics._result import Estimate, degenerate

__all__ = ["coverage"]

Floats = NDArray[np.float64]


def coverage(y: Floats, low: Floats, high: Floats, *, level: float, missing: int = 0) -> Estimate:
    """Share of y (n,) inside [low, high], with the exact interval of Clopper and Pearson."""
    from scipy.stats import beta

    n = len(y)
    if n == 0:
        return degenerate(None, "no values", level, 0, 0, missing)
    inside = int(((y >= low) & (y <= high)).sum())
    tail = (1 - level) / 2
    bottom = 0.0 if inside == 0 else float(beta.ppf(tail, inside, n - inside + 1))
    top = 1.0 if inside == n else float(beta.ppf(1 - tail, inside + 1, n - inside))
    return Estimate(inside / n, bottom, top, level, "Clopper-Pearson", n, n, missing)
