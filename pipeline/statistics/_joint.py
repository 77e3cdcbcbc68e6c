"""Joint resampling of many columns: every column sees the same resampled clusters.

What is computed from several columns of one draw (a frontier, a difference, a ratio) keeps their
dependence, because a hard passage is hard for all arms at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, Ints
from pipeline.statistics._clusters import cluster_columns

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["JointMeans", "joint_means", "resample"]

# Elements of one matrix of counts: 8 MiB, and as much again for the drawn numbers.
_CHUNK = 1 << 20


@dataclass(frozen=True)
class JointMeans:
    """Means of m columns over k clusters, in the data and in each of B resamples.

    Attributes:
        points: (m,) means; NaN for a column without values.
        draws: (B, m) means of the resamples; row b rests on the same clusters in every column.
            NaN where a resample holds no value of the column.
        jackknife: (k, m) means without each cluster, in the order of the sorted ids; NaN where
            that cluster held all values.
        n: (m,) values of each column.
        clusters: (m,) clusters in which the column has values.
    """

    points: Floats
    draws: Floats
    jackknife: Floats
    n: Ints
    clusters: Ints


def joint_means(
    values: npt.ArrayLike, group_ids: npt.ArrayLike, *, resamples: int, rng: np.random.Generator
) -> JointMeans:
    """Resample clusters with replacement, jointly for all columns.

    A mean is the ratio of summed cluster sums to summed cluster sizes (a missing value leaves
    both), so a cluster counts by its size, as in Cameron, Gelbach and Miller (2008).

    Args:
        values: (n, m) numbers in any units; NaN is missing in that column alone.
        group_ids: (n,) cluster of each row.
        resamples: bootstrap resamples B.
        rng: source of the resamples, of a stream that nothing else uses.

    Raises:
        DataError: a value is infinite, an id is missing, or the shapes do not fit.
        ValueError: `resamples` is below 1.
    """
    return resample(*cluster_columns(values, group_ids), resamples, rng)


def resample(sums: Floats, sizes: Floats, resamples: int, rng: np.random.Generator) -> JointMeans:
    """Resample clusters of the given sums and sizes, both (k, m); otherwise as `joint_means`."""
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    return JointMeans(
        points=_ratio(sums.sum(axis=0), sizes.sum(axis=0)),
        draws=_draws(sums, sizes, resamples, rng),
        jackknife=_ratio(sums.sum(axis=0) - sums, sizes.sum(axis=0) - sizes),
        n=sizes.sum(axis=0).astype(np.int64),
        clusters=np.count_nonzero(sizes, axis=0).astype(np.int64),
    )


def _ratio(sums: Floats, sizes: Floats) -> Floats:
    """Means of what has a size; NaN elsewhere."""
    shape = np.broadcast_shapes(sums.shape, sizes.shape)
    means: Floats = np.divide(sums, sizes, out=np.full(shape, np.nan), where=sizes > 0.0)
    return means


def _draws(sums: Floats, sizes: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Means of the resamples, (resamples, m)."""
    draws = np.full((resamples, sums.shape[1]), np.nan)
    if not sums.size:
        return draws
    # Without missing values one column of sizes serves all.
    shared = bool(np.all(sizes == sizes[:, :1]))
    weights = np.ascontiguousarray(sizes[:, :1]) if shared else sizes
    # One thread: more of them add in another order, and on busy cores wait for each other.
    with _blas().limit(limits=1, user_api="blas"):
        for rows, counts in _counts(sums.shape[0], resamples, rng):
            draws[rows] = _ratio(counts @ sums, counts @ weights)
    return draws


def _counts(
    clusters: int, resamples: int, rng: np.random.Generator
) -> Iterator[tuple[slice, Floats]]:
    """Chunks of resamples, as how often each drew each cluster: (chunk, clusters)."""
    from pipeline.statistics._counts import count_drawn

    step = min(resamples, max(1, _CHUNK // clusters))
    buffer = np.empty((step, clusters))
    for start in range(0, resamples, step):
        stop = min(start + step, resamples)
        counts = buffer[: stop - start]
        count_drawn(rng.integers(0, clusters, size=counts.shape), counts)
        yield slice(start, stop), counts


@cache
def _blas() -> "ThreadpoolController":
    """The loaded linear algebra; looked up once, because that takes longer than a small draw."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
