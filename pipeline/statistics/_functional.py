"""Interval of a smooth function of several means that were resampled together."""

from collections.abc import Callable

import numpy as np

from pipeline.statistics._arrays import Floats, open_share
from pipeline.statistics._bca import bca_bounds
from pipeline.statistics._joint import JointMeans
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["function_interval"]


def function_interval(
    function: Callable[[Floats], Floats],
    means: JointMeans,
    *,
    level: float,
    n: int,
    clusters: int,
    missing: int = 0,
) -> Estimate:
    """BCa interval (Efron 1987) of a function of the means of `joint_means`.

    Args:
        function: (..., m) means to (...) numbers, each row by itself; NaN where undefined.
        means: of the m columns, with draws and jackknife.
        level: confidence level.
        n, clusters, missing: what they rest on, as in `Estimate`.

    Returns:
        The estimate; without bounds where it is undefined on the data or without one cluster, or
        where no bound can be found.

    Raises:
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    point, jackknife = float(function(means.points)), function(means.jackknife)
    if np.isnan(point):
        return degenerate(
            "undefined on these data", None, level=level, n=n, clusters=clusters, missing=missing
        )
    if clusters < 2 or np.isnan(jackknife).any():
        reason = "one cluster" if clusters < 2 else "undefined without one cluster"
        return degenerate(reason, point, level=level, n=n, clusters=clusters, missing=missing)
    draws = function(means.draws)
    [bounds] = bca_bounds(np.array([point]), draws[:, None], jackknife[:, None], level)
    if isinstance(bounds, str):
        return degenerate(bounds, point, level=level, n=n, clusters=clusters, missing=missing)
    return Estimate(point, *bounds, level, "BCa cluster bootstrap", n, clusters, missing)
