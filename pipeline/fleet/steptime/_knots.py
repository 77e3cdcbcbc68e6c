"""A curve with as few corners as its accuracy allows."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["thin"]

Floats = NDArray[np.float64]


def thin(tokens: Floats, ms: Floats, tolerance: float, most: int) -> tuple[Floats, Floats]:
    """Keep the points whose absence a straight line shows most, until none shows.

    Starts from the ends and adds, one at a time, the point with the greatest relative error.

    Args:
        tokens, ms: the measured curve, ascending; (K,).
        tolerance: relative error at which to stop.
        most: points at most.

    Returns:
        The kept tokens and milliseconds.
    """
    kept = [0, len(tokens) - 1] if len(tokens) > 1 else [0]
    while len(kept) < min(most, len(tokens)):
        error = np.abs(np.interp(tokens, tokens[kept], ms[kept]) / ms - 1)
        worst = int(error.argmax())
        if error[worst] <= tolerance:
            break
        kept = sorted({*kept, worst})
    return tokens[kept], ms[kept]
