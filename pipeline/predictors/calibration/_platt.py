"""Platt's calibration, on the log odds of a score."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors.calibration._logit import LogitCurve, clipped

__all__ = ["PlattCurve"]

Floats = NDArray[np.float64]


class PlattCurve(LogitCurve):
    """Log odds = a logit(raw) + b, a >= 0 (Platt 1999, with the log odds of a probability)."""

    kind: ClassVar[str] = "platt"
    identity: ClassVar[tuple[float, ...]] = (1.0, 0.0)

    @staticmethod
    def design(raw: Floats) -> Floats:
        """Log odds and 1."""
        score = clipped(raw)
        return np.column_stack([np.log(score / (1.0 - score)), np.ones(len(score))])
