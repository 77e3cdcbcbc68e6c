"""Bias-corrected and accelerated bounds (BCa) from a point, its draws and its jackknife."""

from statistics import NormalDist

import numpy as np

from pipeline.statistics._arrays import Floats
from pipeline.statistics._quantiles import Bounds, held, quantile_bounds

__all__ = ["bca_bounds"]

_NORMAL = NormalDist()
_ROUNDING = 1e-12  # of the largest draw: what sums of equal numbers in another order differ by


def bca_bounds(points: Floats, draws: Floats, jackknife: Floats, level: float) -> list[Bounds]:
    """BCa interval of each column (Efron 1987, JASA 82:171-185), or why it has none.

    Args:
        points: (m,) estimates; none of them NaN.
        draws: (B, m) resampled estimates; NaN where a resample holds no value.
        jackknife: (k, m) estimates without each cluster, none of them NaN.
        level: confidence level, for example 0.95.
    """
    accelerations = _accelerations(jackknife)
    return [
        _one(float(point), column, float(acceleration), level)
        for point, column, acceleration in zip(
            points, np.ascontiguousarray(draws.T), accelerations, strict=True
        )
    ]


def _accelerations(jackknife: Floats) -> Floats:
    """Jackknife acceleration over clusters, (m,): Efron and Tibshirani (1993), equation 14.15.

    NaN where the jackknife does not vary.
    """
    deviations = jackknife.mean(axis=0) - jackknife
    # Only the shape matters; scaling first keeps cubes of tiny numbers from vanishing.
    scale = np.abs(deviations).max(axis=0)
    deviations = deviations / np.where(scale > 0.0, scale, np.nan)
    squares = deviations * deviations
    skew: Floats = (squares * deviations).sum(axis=0) / (6.0 * squares.sum(axis=0) ** 1.5)
    return skew


def _one(point: float, draws: Floats, acceleration: float, level: float) -> Bounds:
    known = held(draws)
    if isinstance(known, str):
        return known
    if np.isnan(acceleration):
        return "leaving out a cluster changes nothing"
    below = _share_below(point, known)
    if not 0.0 < below < 1.0:
        return "every resample lies on one side of the estimate"
    bias = _NORMAL.inv_cdf(below)
    shares = []
    for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0):
        shifted = bias + _NORMAL.inv_cdf(tail)
        slope = 1.0 - acceleration * shifted
        if slope <= 0.0:
            return "the acceleration is too large for this level"
        shares.append(_NORMAL.cdf(bias + shifted / slope))
    return quantile_bounds(known, (shares[0], shares[1]))


def _share_below(point: float, draws: Floats) -> float:
    """Share of the draws below the point.

    Ties count half, so that a discrete statistic is not read as a biased one.
    """
    slack = _ROUNDING * float(np.abs(draws).max())
    under = np.count_nonzero(draws < point - slack) + np.count_nonzero(draws <= point + slack)
    return under / (2.0 * draws.size)
