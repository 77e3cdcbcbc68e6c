"""Values of inputs that were answered more than once."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["answers"]

Floats = NDArray[np.float64]


def answers(values: Floats) -> Floats:
    """Values as (N, C, R), R answers of one input; a matrix (N, C) holds one answer of each."""
    return values[:, :, None] if values.ndim == 2 else values
