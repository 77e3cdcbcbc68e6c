"""k nearest neighbours among embedded training prompts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "nearest_neighbours", "weighted_mean"]

Floats = NDArray[np.float64]

_EPSILON = 1e-6
_CHUNK = 512  # queries per matrix product, so that memory stays flat


@dataclass(frozen=True)
class Neighbours:
    """Rows of the index and weights of the k neighbours of n queries, both (n, k)."""

    rows: NDArray[np.int64]
    weights: Floats


def nearest_neighbours(
    index: NDArray[np.float32], queries: NDArray[np.float32], k: int
) -> Neighbours:
    """Find the k rows of `index` (N, d) closest to each of `queries` (n, d); unit vectors.

    Weights are those of the published system: with cosine c, u = 1 / (1 - c + 1e-6), normalised
    over the k neighbours. Ties go to the lower row. k is cut to N.
    """
    k = min(k, len(index))
    rows = np.empty((len(queries), k), dtype=np.int64)
    cosines = np.empty((len(queries), k))
    for start in range(0, len(queries), _CHUNK):
        similar = queries[start : start + _CHUNK] @ index.T
        order = np.argsort(-similar, axis=1, kind="stable")[:, :k]
        rows[start : start + _CHUNK] = order
        cosines[start : start + _CHUNK] = np.take_along_axis(similar, order, axis=1)
    closeness = 1.0 / (np.maximum(1.0 - cosines, 0.0) + _EPSILON)
    return Neighbours(rows, closeness / closeness.sum(axis=1, keepdims=True))


def weighted_mean(values: Floats, neighbours: Neighbours) -> Floats:
    """Average the neighbours' values per model: (N, M) with NaN for unknown -> (n, M).

    An unknown value takes its weight with it; a query none of whose neighbours knows a model gets
    that model's mean over the whole index. Missing is never read as zero.
    """
    near = values[neighbours.rows]  # (n, k, M)
    known = ~np.isnan(near)
    weights = neighbours.weights[:, :, None] * known
    total = weights.sum(axis=1)
    sums = (weights * np.where(known, near, 0.0)).sum(axis=1)
    overall = np.nanmean(values, axis=0)
    means: Floats = np.where(total > 0, sums / np.where(total > 0, total, 1.0), overall[None, :])
    return means
