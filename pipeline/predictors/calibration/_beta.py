"""Beta calibration, which bends the two ends of a score apart from each other."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors.calibration._logit import LogitCurve, clipped

__all__ = ["BetaCurve"]

Floats = NDArray[np.float64]


class BetaCurve(LogitCurve):
    """Log odds = a log(raw) - b log(1 - raw) + c, a and b >= 0 (Kull et al. 2017, equation 3)."""

    kind: ClassVar[str] = "beta"
    identity: ClassVar[tuple[float, ...]] = (1.0, 1.0, 0.0)

    @staticmethod
    def design(raw: Floats) -> Floats:
        """Logarithms of the score and of what it lacks to 1, and 1."""
        score = clipped(raw)
        return np.column_stack([np.log(score), -np.log(1.0 - score), np.ones(len(score))])
