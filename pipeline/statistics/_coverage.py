"""How often predicted intervals hold what they promise to."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import finite, open_share
from pipeline.statistics._exact import share_interval
from pipeline.statistics._result import Estimate

__all__ = ["coverage"]


def coverage(
    y: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, *, level: float
) -> Estimate:
    """Share of outcomes inside [low, high], with the exact interval of Clopper and Pearson (1934).

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
    inside = int(np.count_nonzero((lower <= actual) & (actual <= upper)))
    return share_interval(inside, actual.size, level)
