"""k nearest neighbours among embedded training prompts: exact, from a scan of integer codes."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._dots import LANES, QUERIES
from pipeline.predictors._knn_kernel import CODED, collect, encode, refine

__all__ = ["NeighbourIndex", "Neighbours", "weighted_mean"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_EPSILON = 1e-6
_PAIRS = 2**24  # of query and row at a time, so that memory stays flat
_ROOM = 40  # candidates per neighbour, which is a lot; where it is too few, there is room for all


@dataclass(frozen=True)
class Neighbours:
    """The k neighbours of n queries: rows of the index and cosines, both (n, k), nearest first."""

    rows: NDArray[np.int64]
    cosines: Floats

    @cached_property
    def weights(self) -> Floats:
        """Weights of the published system, (n, k): 1 / (1 - cosine + 1e-6), each row sums to 1."""
        closeness = 1.0 / (np.maximum(1.0 - self.cosines, 0.0) + _EPSILON)
        weights: Floats = closeness / closeness.sum(axis=1, keepdims=True)
        return weights

    def nearest(self, k: int) -> "Neighbours":
        """Only the first k; what a search for k finds."""
        if k >= self.rows.shape[1]:
            return self
        return Neighbours(self.rows[:, :k], self.cosines[:, :k])


class NeighbourIndex:
    """Embeddings that can be searched, with codes of a byte per number beside them.

    Args:
        embeddings: (N, d) float32 unit rows, N >= 1.

    Attributes:
        key: equal for equal rows.

    Raises:
        DataError: there are no rows, or a number is not finite.
    """

    def __init__(self, embeddings: Singles) -> None:
        if not len(embeddings):
            raise DataError("there is no embedding to search among")
        self.embeddings = embeddings
        self.key = hashlib.sha256(embeddings.tobytes()).hexdigest()
        self._vectors = _padded(embeddings)
        self._codes = _aligned(self._vectors.shape, np.dtype(np.int8))
        self._coded = np.empty((len(embeddings), CODED))
        encode(self._vectors, 127, self._codes, self._coded)
        # Queries are coded as finely as 16 bits, and a sum of d products in 32 bits, allow.
        self._largest = min(2**15 - 1, (2**31 - 1) // (127 * self._vectors.shape[1]))

    def __reduce__(self) -> tuple[type["NeighbourIndex"], tuple[Singles]]:
        # Codes are cheaper made again than sent, and a copy of them would not be aligned.
        return NeighbourIndex, (self.embeddings,)

    def search(self, queries: Singles, k: int) -> Neighbours:
        """Find the k rows with the largest cosine to each of n unit `queries`, (n, d) float32.

        The result is that of computing every cosine in float64. Ties go to the lower row, and k is
        cut to N.

        Raises:
            DataError: a query has another length than the index, or a number that is not finite.
        """
        width = self.embeddings.shape[1]
        if queries.shape[1] != width:
            raise DataError(f"queries have {queries.shape[1]} numbers, the index has {width}")
        vectors = _padded(queries)
        k = min(k, len(self.embeddings))
        rows = np.empty((len(vectors), k), dtype=np.int64)
        cosines = np.full((len(vectors), k), -np.inf)
        step = max(_PAIRS // len(self.embeddings) // QUERIES, 1) * QUERIES
        for start in range(0, len(vectors), step):
            part = slice(start, start + step)
            self._search(vectors[part], rows[part], cosines[part])
        return Neighbours(rows, cosines)

    def _search(self, queries: Singles, rows: NDArray[np.int64], cosines: Floats) -> None:
        (n, k), size = rows.shape, len(self.embeddings)
        # The queries beyond n only fill the last group of dot products.
        codes = _aligned((-(-n // QUERIES) * QUERIES, queries.shape[1]), np.dtype(np.int16))
        coded = np.empty((n, CODED))
        encode(queries, self._largest, codes, coded)
        for room in (min(_ROOM * (k + _ROOM), size), size):
            lowest, found = np.full((n, k), -np.inf), np.zeros(n, dtype=np.int64)
            candidates, highest = np.empty((n, room), dtype=np.int64), np.empty((n, room))
            if collect(self._codes, self._coded, codes, coded, lowest, candidates, highest, found):
                break
        refine(self._vectors, queries, lowest, candidates, highest, found, rows, cosines)


def _aligned(shape: tuple[int, ...], kind: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that begin at a multiple of 64 bytes, so that no step of the scan reads two lines."""
    size = int(np.prod(shape)) * kind.itemsize
    room = np.zeros(size + 64, dtype=np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + size].view(kind).reshape(shape)


def _padded(vectors: Singles) -> Singles:
    """`vectors` with zeros up to a multiple of LANES numbers, contiguous; checked to be finite."""
    if not np.isfinite(vectors).all():
        raise DataError("an embedding holds a number that is not finite")
    missing = -vectors.shape[1] % LANES
    wide = np.pad(vectors, ((0, 0), (0, missing))) if missing else vectors
    return np.ascontiguousarray(wide, dtype=np.float32)


def weighted_mean(near: Floats, weights: Floats, otherwise: Floats) -> Floats:
    """Average C values of the k neighbours of n queries, NaN for unknown; (n, C).

    An unknown value takes its weight with it, and `otherwise` stands where no neighbour knows one.
    Missing is never read as zero.

    Args:
        near: (n, k, C).
        weights: (n, k), above 0.
        otherwise: (C,) or (n, C).
    """
    known = ~np.isnan(near)
    share = weights[:, :, None] * known
    total = share.sum(axis=1)
    sums = (share * np.where(known, near, 0.0)).sum(axis=1)
    mean: Floats = np.where(total > 0, sums / np.where(total > 0, total, 1.0), otherwise)
    return mean
