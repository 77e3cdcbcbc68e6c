"""Standard error of a mean over clusters in closed form: the cross-check of the bootstrap."""

import math

import numpy as np
import numpy.typing as npt

from pipeline.statistics._clusters import cluster_sums

__all__ = ["clustered_standard_error"]

_ROUNDING = 1e-12  # of the values: residuals below it are rounding


def clustered_standard_error(values: npt.ArrayLike, group_ids: npt.ArrayLike) -> float | None:
    """sqrt(k / (k - 1) * sum over clusters of (sum of residuals)^2) / n.

    Miller (2024, arXiv 2411.00640, equation 4) with the factor for few clusters of Cameron and
    Miller (2015); with one value per cluster it is s / sqrt(n).

    Args:
        values: (n,) numbers or differences, in any unit.
        group_ids: (n,) cluster of each value.

    Returns:
        The standard error in the unit of the values; None for fewer than two clusters or when
        every cluster has the same mean.

    Raises:
        DataError: a value is NaN or infinite, an id is missing, or the lengths differ.
    """
    sums, sizes = cluster_sums(values, group_ids)
    if sums.size < 2:
        return None
    residuals = sums - sizes * (sums.sum() / sizes.sum())
    scale = float(np.abs(np.asarray(values, dtype=np.float64)).max())
    if bool(np.all(np.abs(residuals) <= _ROUNDING * scale * sizes)):
        return None
    factor = sums.size / (sums.size - 1)
    return math.sqrt(factor * float((residuals**2).sum())) / float(sizes.sum())
