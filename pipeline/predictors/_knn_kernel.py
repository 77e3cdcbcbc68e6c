"""The search on arrays, compiled: integer codes with error bounds, candidates, exact cosines.

A vector x is coded as whole numbers c with a scale s. With x' = s * c, and queries q coded alike,
the distance of <x', q'> from <x, q> is at most |x - x'| |q| + |x'| |q - q'|. Whatever is further
below the k-th best than that cannot be among the k nearest; everything else is computed exactly.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled
from pipeline.predictors._dots import QUERIES, dot_products

__all__ = ["CODED", "collect", "encode", "refine"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Codes = NDArray[np.int8] | NDArray[np.int16]

CODED = 4  # numbers kept of a coded vector: scale, |x - x'|, |x'| and |x|

_BLOCK = 256  # rows that stay in the cache for all queries
_SLACK = 1e-9  # of |x| |q|: far more than sums of float64 are off by


@compiled
def encode(vectors: Singles, largest: int, codes: Codes, coded: Floats) -> None:
    """Code `vectors` (n, D) with whole numbers up to `largest`; write (n, D) and (n, CODED)."""
    for i in range(vectors.shape[0]):
        x = vectors[i]
        top = 0.0
        for j in range(x.size):
            top = max(top, abs(np.float64(x[j])))
        scale = top / largest
        lost, kept, norm = 0.0, 0.0, 0.0
        for j in range(x.size):
            code = np.rint(x[j] / scale) if scale > 0 else 0.0
            codes[i, j] = int(code)
            lost += (x[j] - scale * code) ** 2
            kept += (scale * code) ** 2
            norm += np.float64(x[j]) ** 2
        coded[i, 0] = scale
        coded[i, 1] = np.sqrt(lost) + _SLACK * np.sqrt(norm)
        coded[i, 2] = np.sqrt(kept)
        coded[i, 3] = np.sqrt(norm)


@compiled
def collect(
    codes: Codes,
    coded: Floats,
    query_codes: Codes,
    query_coded: Floats,
    lowest: Floats,
    rows: Ints,
    highest: Floats,
    found: Ints,
) -> bool:
    """Find every row that may be among the k nearest of n queries, in ascending order.

    Return whether there was room for all of them.

    Args:
        codes, coded: of the N rows, (N, D) int8 and (N, CODED).
        query_codes, query_coded: of the queries, (a multiple of QUERIES >= n, D) int16 and
            (n, CODED).
        lowest: -inf on entry; the k largest lower bounds of a cosine, descending; (n, k).
        rows, highest: the candidates with the upper bounds of their cosines, (n, room).
        found: how many, (n,); 0 on entry. Bounds grew on the way, so some are not needed any more.
    """
    dots = np.empty((_BLOCK, QUERIES), dtype=np.int32)
    for start in range(0, codes.shape[0], _BLOCK):
        stop = min(start + _BLOCK, codes.shape[0])
        for first in range(0, found.size, QUERIES):
            group = query_codes[first : first + QUERIES]
            for i in range(start, stop):
                dot_products(codes[i], group, dots[i - start])
            for q in range(first, min(first + QUERIES, found.size)):
                found[q] = _keep(
                    dots[:, q - first], coded[start:stop], start, query_coded[q], lowest[q],
                    rows[q], highest[q], found[q],
                )  # fmt: skip
                if found[q] < 0:
                    return False
    return True


@compiled
def _keep(
    dots: NDArray[np.int32],
    coded: Floats,
    start: int,
    query: Floats,
    lowest: Floats,
    rows: Ints,
    highest: Floats,
    found: int,
) -> int:
    """Add the candidates of one block and query; return how many there are now, -1 if too many."""
    scale, lost, norm = query[0], query[1], query[3]
    last = lowest.size - 1
    for i in range(coded.shape[0]):
        near = coded[i, 0] * scale * dots[i]
        error = coded[i, 1] * norm + coded[i, 2] * lost
        if near + error >= lowest[last]:
            if found == rows.size:
                return -1
            rows[found] = start + i
            highest[found] = near + error
            found += 1
            if near - error > lowest[last]:
                lowest[_place(lowest, near - error)] = near - error
    return found


@compiled
def _place(best: Floats, value: float) -> int:
    """Drop the last of descending `best` and make room for `value`, after its equals."""
    at: int = best.size - 1
    while at > 0 and best[at - 1] < value:
        best[at] = best[at - 1]
        at -= 1
    return at


@compiled
def refine(
    vectors: Singles,
    queries: Singles,
    lowest: Floats,
    candidates: Ints,
    highest: Floats,
    found: Ints,
    rows: Ints,
    cosines: Floats,
) -> None:
    """Compute the candidates that are still needed and write the k nearest, both (n, k).

    Args:
        vectors, queries: (N, D) and (n, D), D a multiple of 4.
        lowest, candidates, highest, found: as `collect` left them.
        rows, cosines: the result, descending, equal ones by row; cosines are -inf on entry.
    """
    last = lowest.shape[1] - 1
    for q in range(found.size):
        for c in range(found[q]):
            if highest[q, c] < max(lowest[q, last], cosines[q, last]):
                continue
            row = candidates[q, c]
            cosine = _cosine(vectors[row], queries[q])
            if cosine > cosines[q, last]:
                at = _place(cosines[q], cosine)
                for j in range(last, at, -1):
                    rows[q, j] = rows[q, j - 1]
                rows[q, at], cosines[q, at] = row, cosine


@compiled
def _cosine(x: Singles, y: Singles) -> float:
    # Four sums, so that each addition need not wait for the last; always in this one order, so that
    # equal rows have equal cosines.
    a = b = c = d = 0.0
    for j in range(0, x.size, 4):
        a += np.float64(x[j]) * np.float64(y[j])
        b += np.float64(x[j + 1]) * np.float64(y[j + 1])
        c += np.float64(x[j + 2]) * np.float64(y[j + 2])
        d += np.float64(x[j + 3]) * np.float64(y[j + 3])
    return (a + b) + (c + d)
