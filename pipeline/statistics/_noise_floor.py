"""What size of difference identical arms show: the floor beside every effect."""

import math

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import finite, open_share
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["noise_floor"]


def noise_floor(differences_of_identical_arms: npt.ArrayLike, *, level: float) -> Estimate:
    """Root mean square of A/A differences, with an upper bound.

    Identical arms differ by 0 in truth, so the root mean square estimates the standard deviation
    of one difference with all k of them; k RMS^2 / sigma^2 is chi-square with k degrees for normal
    differences, which bounds sigma from above. The interval is one-sided: low is 0, and an effect
    below high may be noise of the rig.

    Args:
        differences_of_identical_arms: (k,) one difference per run, in any unit.
        level: confidence level of the upper bound, for example 0.95.

    Returns:
        The floor in that unit; without bounds for fewer than two differences or when identical
        arms never differed, as in a deterministic simulation.

    Raises:
        DataError: a difference is NaN or infinite.
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    differences = finite(differences_of_identical_arms, "differences_of_identical_arms")
    k = differences.size
    if not k:
        return degenerate("no runs", None, level=level, n=0, clusters=0)
    floor = math.sqrt(float(np.mean(differences**2)))
    if k == 1 or floor == 0.0:
        reason = "one run" if k == 1 else "identical arms never differed"
        return degenerate(reason, floor, level=level, n=k, clusters=k)
    from scipy import special

    # chdtri inverts the upper tail: the (1 - level) quantile leaves `level` above it.
    high = floor * math.sqrt(k / float(special.chdtri(k, level)))
    return Estimate(floor, 0.0, high, level, "root mean square, chi-square upper bound", k, k)
