"""A reliability diagram as numbers, with a band on what was observed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite_columns, in_unit, open_share
from pipeline.statistics._clusters import cluster_sums
from pipeline.statistics._ece import equal_mass

__all__ = ["ReliabilityBand", "reliability_bins"]


@dataclass(frozen=True)
class ReliabilityBand:
    """One bin: rows, clusters, mean prediction, mean label and bounds on it, all 0..1.

    Bounds are None where the bin has one cluster.
    """

    count: int
    clusters: int
    mean_predicted: float
    mean_observed: float
    low: float | None
    high: float | None


def reliability_bins(
    probability: npt.ArrayLike,
    label: npt.ArrayLike,
    group_ids: npt.ArrayLike,
    *,
    level: float,
    bins: int = 10,
) -> list[ReliabilityBand]:
    """Bins of equal mass as in `ece`, each with an interval of its mean label over clusters.

    The interval is Wilson's with the t quantile of the clusters and the rows that independent
    labels of the same variance would take, at most those there are (Korn and Graubard 1998): unlike
    a bootstrap it has bounds where every label is equal, and needs no draws.

    Args:
        probability: (n,) predictions, 0..1.
        label: (n,) outcomes, 0 or 1; graded labels between are accepted as they are.
        group_ids: (n,) cluster of each row.
        level: confidence level of each bin by itself.
        bins: bins to aim for.

    Returns:
        The bins from low to high prediction; empty ones are left out.

    Raises:
        DataError: a value is NaN or outside 0..1, the lengths differ, or there are no rows.
        ValueError: `level` is outside 0..1 or `bins` is below 1.
    """
    open_share(level, "level")
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    predicted, observed = finite_columns(probability=probability, label=label)
    in_unit(predicted, "probability")
    in_unit(observed, "label")
    ids = np.asarray(group_ids)
    if ids.shape != predicted.shape:
        raise DataError(f"predictions have {predicted.size} rows but group_ids {ids.shape}")
    index = equal_mass(predicted, bins)
    return [
        _band(predicted[index == one], observed[index == one], ids[index == one], level)
        for one in np.unique(index)
    ]


def _band(
    predicted: Floats, observed: Floats, ids: npt.NDArray[np.generic], level: float
) -> ReliabilityBand:
    rows, mean = observed.size, float(observed.mean())
    residuals, _ = cluster_sums(observed - mean, ids)
    k = residuals.size
    told = (rows, k, float(predicted.mean()), mean)
    if k < 2:
        return ReliabilityBand(*told, None, None)
    variance = float((residuals**2).sum()) * k / (k - 1) / rows**2
    low, high = _wilson(mean, _effective(mean, variance, rows, k), k, level)
    return ReliabilityBand(*told, low, high)


def _effective(mean: float, variance: float, rows: int, clusters: int) -> float:
    """Rows of independent labels whose mean varies as much; clusters where none varies."""
    alone = mean * (1.0 - mean)
    return min(float(rows), alone / variance) if variance > 1e-15 else float(clusters)


def _wilson(mean: float, rows: float, clusters: int, level: float) -> tuple[float, float]:
    from scipy import special

    t = float(special.stdtrit(clusters - 1, (1.0 + level) / 2.0))
    square = t * t / rows
    centre = (mean + square / 2.0) / (1.0 + square)
    half = t * np.sqrt(mean * (1.0 - mean) / rows + square / (4.0 * rows)) / (1.0 + square)
    # The mean lies within in exact arithmetic; rounding must not put it outside.
    return max(0.0, min(float(centre - half), mean)), min(1.0, max(float(centre + half), mean))
