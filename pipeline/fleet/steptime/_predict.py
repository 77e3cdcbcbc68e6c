"""The formula of `StepTime` over arrays."""

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._rows import Rows

__all__ = ["curve_ms", "step_ms"]

Floats = NDArray[np.float64]


def curve_ms(step: StepTime, tokens: Floats) -> Floats:
    """The dense curve at token counts; (R,) -> (R,)."""
    inside = np.interp(tokens, step.knots, step.curve)
    return inside + step.tail * np.maximum(tokens - step.knots[-1], 0.0)


def step_ms(step: StepTime, rows: Rows) -> Floats:
    """Milliseconds of R iterations, equal to `iteration_ms` one by one; (R,)."""
    _, p, c, d, q, c_mixed, d_mixed, walk, b = step.rates
    alone = c * rows.decode + d * rows.context
    together = p * rows.prefill + q * rows.work + c_mixed * rows.decode + d_mixed * rows.context
    shared = b + np.maximum(together, walk * rows.longest)
    return curve_ms(step, rows.tokens) + np.where(rows.prefill > 0, shared, alone)
