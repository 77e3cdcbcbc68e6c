"""Least squares of relative errors that a few wild rows cannot bend: the soft-L1 loss.

loss = sum of w * 2 f^2 (sqrt(1 + (r/f)^2) - 1) with r the relative error and f the error from which
on a row counts by its size rather than by its square (Huber's idea in a smooth form; see
`scipy.optimize.least_squares`).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["linear_fit", "nonlinear_fit"]

Floats = NDArray[np.float64]

SOFT = 0.05
_ROUNDS = 30
_SETTLED = 1e-9


def linear_fit(terms: Floats, ms: Floats, total: Floats, weights: Floats) -> Floats:
    """Rates at or above 0, milliseconds per unit of each term; (K,).

    Reweighted non-negative least squares, whose fixed point is the minimum of the loss.

    Args:
        terms: (R, K).
        ms: what the terms have to add up to; (R,).
        total: whole iterations, to which errors are relative; (R,).
        weights: of the rows; (R,).
    """
    from scipy.optimize import nnls  # a third of a second that only fits should wait for

    scale = np.maximum(terms.max(axis=0), np.finfo(float).tiny)
    scaled, pull, rates = terms / scale, weights.copy(), np.zeros(terms.shape[1])
    for _ in range(_ROUNDS):
        root = np.sqrt(pull) / total
        new, _ = nnls(scaled * root[:, None], ms * root)
        if np.abs(new - rates).max() <= _SETTLED * np.abs(new).max():
            break
        rates = new
        error = (scaled @ rates - ms) / total
        pull = weights / np.sqrt(1 + (error / SOFT) ** 2)
    return np.asarray(new / scale, np.float64)


def nonlinear_fit(
    model: Callable[[Floats], Floats],
    start: Floats,
    low: Floats,
    ms: Floats,
    total: Floats,
    weights: Floats,
) -> Floats:
    """Parameters of `model` from a start, each at or above its bound; (K,)."""
    from scipy.optimize import least_squares

    root = np.sqrt(weights / weights.mean())
    found = least_squares(
        lambda values: (model(values) - ms) / total * root,
        np.maximum(start, low + 1e-12),
        bounds=(low, np.inf),
        x_scale=np.maximum(np.abs(start), 1e-9),
        loss="soft_l1",
        f_scale=SOFT,
    )
    return np.asarray(found.x, np.float64)
