"""How often predicted intervals hold what they promise to."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import finite, open_share
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["coverage"]

METHOD = "Clopper-Pearson"


def coverage(
    y: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, level: float
) -> Estimate:
    """Share of outcomes inside [low, high], with the exact interval of Clopper and Pearson (1934).

    The interval takes rows as independent. A share of 0 or 1 still has an interval, with one bound
    at the share itself.

    Args:
        y: (n,) outcomes, in any unit.
        low: (n,) predicted lower bounds, in the same unit.
        high: (n,) predicted upper bounds.
        level: confidence level of the returned interval, not the promise of the predicted ones.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or a low lies above its high.
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    actual, lower, upper = finite(y, "y"), finite(low, "low"), finite(high, "high")
    if not actual.size == lower.size == upper.size:
        raise DataError(f"lengths differ: y {actual.size}, low {lower.size}, high {upper.size}")
    crossed = int(np.count_nonzero(lower > upper))
    if crossed:
        raise DataError(f"{crossed} of {lower.size} predicted intervals have low above high")
    n = actual.size
    if not n:
        return degenerate("no rows", None, level=level, n=0, clusters=0)
    inside = int(np.count_nonzero((lower <= actual) & (actual <= upper)))
    return Estimate(inside / n, *_clopper_pearson(inside, n, level), level, METHOD, n, n)


def _clopper_pearson(hits: int, n: int, level: float) -> tuple[float, float]:
    """Bounds as quantiles of the beta distribution."""
    from scipy import special

    tail = (1.0 - level) / 2.0
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return low, high
