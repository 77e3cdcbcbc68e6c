"""Closeness in meaning, by sentence embeddings that somebody else computed."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["similarity"]


def similarity(response: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Cosine of two unit vectors, both (d,), clipped to [0, 1]: opposite is no worse than alien."""
    return float(np.clip(np.dot(response, reference), 0.0, 1.0))
