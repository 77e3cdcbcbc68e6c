"""How often each cluster was drawn, compiled: one pass over the drawn numbers."""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled

__all__ = ["count_drawn"]


@compiled
def count_drawn(drawn: NDArray[np.int64], counts: NDArray[np.float64]) -> None:
    """Write to `counts` (c, k) how often each row of `drawn` (c, d) holds each of 0..k-1."""
    for i in range(drawn.shape[0]):
        for j in range(counts.shape[1]):
            counts[i, j] = 0.0
        for j in range(drawn.shape[1]):
            counts[i, drawn[i, j]] += 1.0
