"""BCa bootstrap of a mean over clusters."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.statistics._clusters import cluster_sums
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["mean_interval"]

Floats = NDArray[np.float64]

METHOD = "BCa cluster bootstrap"
_CELLS = 4_000_000  # random indices held at once


def mean_interval(
    values: Floats,
    group_ids: Sequence[str],
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    missing: int = 0,
) -> Estimate:
    """Interval of the mean of `values` (n,) when whole clusters are the independent units.

    The statistic is sum of cluster sums / sum of cluster sizes. Bias is corrected by the share of
    resamples below the estimate and skewness by the jackknife over clusters (Efron 1987). It
    serves paired differences as well.
    """
    n = len(values)
    if n == 0:
        return degenerate(None, "no values", level, 0, 0, missing)
    sums, sizes = cluster_sums(values, group_ids)
    estimate, count = float(sums.sum() / sizes.sum()), len(sums)
    if count < 2:
        return degenerate(estimate, "one cluster", level, n, count, missing)
    if np.ptp(values) == 0:
        return degenerate(estimate, "all values equal", level, n, count, missing)
    draws = _resample(sums, sizes, resamples, rng)
    if np.ptp(draws) == 0:
        return degenerate(estimate, "all resamples equal", level, n, count, missing)
    low, high = np.quantile(draws, _bca_levels(draws, estimate, sums, sizes, level))
    return Estimate(estimate, float(low), float(high), level, METHOD, n, count, missing)


def _resample(sums: Floats, sizes: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    count = len(sums)
    chunk = max(1, _CELLS // count)
    means = []
    for start in range(0, resamples, chunk):
        index = rng.integers(count, size=(min(chunk, resamples - start), count))
        means.append(sums[index].sum(axis=1) / sizes[index].sum(axis=1))
    return np.concatenate(means)


def _bca_levels(
    draws: Floats, estimate: float, sums: Floats, sizes: Floats, level: float
) -> list[float]:
    from scipy.special import ndtr, ndtri

    # Ties count half, so that a lattice-valued mean (0/1 scores) is not taken for a biased one.
    below = (np.mean(draws < estimate) + np.mean(draws <= estimate)) / 2
    edge = 1 / (2 * len(draws))
    bias = float(ndtri(np.clip(below, edge, 1 - edge)))
    jackknife = (sums.sum() - sums) / (sizes.sum() - sizes)
    centred = jackknife.mean() - jackknife
    spread = float((centred**2).sum())
    skew = 0.0 if spread == 0 else float((centred**3).sum()) / (6 * spread**1.5)
    levels = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + float(ndtri(tail))
        levels.append(float(ndtr(bias + shifted / (1 - skew * shifted))))
    return levels
