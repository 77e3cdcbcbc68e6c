"""Interval of any statistic that can be computed from rows that count several times."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats
from pipeline.statistics._interval_of_draws import interval_of_draws
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["weighted_interval"]

_CHUNK = 1 << 18  # elements of one matrix of counts


def weighted_interval(
    statistic: Callable[[Floats], Floats],
    group_ids: npt.ArrayLike,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    missing: int = 0,
) -> Estimate:
    """Percentile interval over resampled clusters, for a statistic such as a rank correlation.

    Args:
        statistic: (b, n) counts of the n rows, one resample a row, to (b,) numbers; NaN where
            undefined.
        group_ids: (n,) cluster of each row.
        level: confidence level.
        resamples: bootstrap resamples.
        rng: source of the resamples, of a stream that nothing else uses.
        missing: rows that the caller left out.

    Returns:
        The estimate; without bounds where it is undefined on the data or in over 5 % of the
        resamples, or where there are fewer than two clusters.

    Raises:
        DataError: the ids have another shape than (n,).
        ValueError: `level` is outside 0..1.
    """
    ids = np.asarray(group_ids)
    if ids.ndim != 1:
        raise DataError(f"group_ids has shape {ids.shape}; one dimension is accepted")
    clusters, codes = np.unique(ids, return_inverse=True)
    n, k = ids.size, clusters.size
    point = float(statistic(np.ones((1, n)))[0]) if n else np.nan
    if k < 2:
        reason = "one cluster" if k else "no values"
        shown = None if np.isnan(point) else point
        return degenerate(reason, shown, level=level, n=n, clusters=k, missing=missing)
    step = max(1, _CHUNK // n)
    draws = []
    for start in range(0, resamples, step):
        counts = rng.multinomial(k, np.full(k, 1.0 / k), min(step, resamples - start))
        draws.append(statistic(counts[:, codes].astype(np.float64)))
    return interval_of_draws(
        point,
        np.concatenate(draws),
        level=level,
        method="percentile cluster bootstrap",
        n=n,
        clusters=k,
        missing=missing,
    )
