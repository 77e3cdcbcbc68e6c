"""Minimum detectable effect: what a comparison of this size would have found.

"Nothing found" says something only beside it.
"""

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import finite, open_share
from pipeline.statistics._replication import replication_interval
from pipeline.statistics._standard_error import clustered_standard_error

__all__ = ["detectable_over_clusters", "detectable_over_runs"]

_NORMAL = NormalDist()


def detectable_over_runs(
    differences: npt.ArrayLike, *, margin: float, level: float, power: float
) -> float | None:
    """Smallest true improvement that runs like these show with the given power.

    Shown means: the low end of the two-sided t interval lies above the margin. With a true
    improvement d the t value is noncentral with (d - margin) sqrt(n) / s (Cohen 1988), s taken
    from the runs.

    Args:
        differences: (n,) one paired improvement per run, in any unit.
        margin: what must be exceeded, in that unit; minus a margin for non-inferiority.
        level: confidence level of the interval, for example 0.95.
        power: chance to show it, for example 0.8.

    Returns:
        The improvement in the unit of the differences; None for fewer than two runs or equal
        differences.

    Raises:
        DataError: a difference is NaN or infinite.
        ValueError: `level` or `power` is outside 0..1, or `margin` is not finite.
    """
    _check(margin, level, power)
    runs = finite(differences, "differences")
    if replication_interval(runs, level=level).low is None:
        return None
    from scipy import special

    critical = float(special.stdtrit(runs.size - 1, (1.0 + level) / 2.0))
    shift = float(special.nctdtrinc(runs.size - 1, 1.0 - power, critical))
    return margin + shift * float(runs.std(ddof=1)) / math.sqrt(runs.size)


def detectable_over_clusters(
    differences: npt.ArrayLike,
    group_ids: npt.ArrayLike,
    *,
    margin: float,
    level: float,
    power: float,
) -> float | None:
    """Smallest true improvement that prompts like these show with the given power.

    margin + (z((1 + level) / 2) + z(power)) SE, with the clustered standard error (Miller 2024,
    arXiv 2411.00640, section 5); normal, so for tens of clusters or more.

    Args:
        differences: (n,) paired improvements, in any unit.
        group_ids: (n,) cluster of each.
        margin: what the low end must exceed, in that unit.
        level: confidence level of the interval, for example 0.95.
        power: chance to show it, for example 0.8.

    Returns:
        The improvement in the unit of the differences; None for fewer than two clusters or when
        every cluster has the same mean.

    Raises:
        DataError: a difference is NaN or infinite, an id is missing, or the lengths differ.
        ValueError: `level` or `power` is outside 0..1, or `margin` is not finite.
    """
    _check(margin, level, power)
    error = clustered_standard_error(differences, group_ids)
    if error is None:
        return None
    return margin + (_NORMAL.inv_cdf((1.0 + level) / 2.0) + _NORMAL.inv_cdf(power)) * error


def _check(margin: float, level: float, power: float) -> None:
    open_share(level, "level")
    open_share(power, "power")
    if not np.isfinite(margin):
        raise ValueError(f"margin must be a finite number, got {margin!r}")
