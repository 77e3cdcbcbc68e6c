"""From quantiles to an expectation."""

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS
from pipeline.predictors._known import column_means
from pipeline.predictors._repeats import answers

__all__ = ["mean_factors", "quantile_mean"]

Floats = NDArray[np.float64]

_ENDS = np.array([0.0, *LEVELS, 1.0])
# Trapezoids between the levels; the outermost quantiles stand for what lies beyond them.
_SHARES = np.diff(_ENDS)[:-1] / 2 + np.diff(_ENDS)[1:] / 2
_SHARES[[0, -1]] += np.array([LEVELS[0], 1 - LEVELS[-1]]) / 2


def quantile_mean(quantiles: Floats) -> Floats:
    """Integral of a quantile function known at `LEVELS`, (n, C, Q) to (n, C)."""
    mean: Floats = quantiles @ _SHARES
    return mean


def mean_factors(values: Floats, quantiles: Floats) -> Floats:
    """What the integral lacks, by column: sum of known values over sum of integrals, (C,).

    The tail beyond the last quantile is longer than the integral has it; the smearing factor of
    Duan (1983) makes the training expectations add up.

    Args:
        values: (N, C) or (N, C, R).
        quantiles: of the same N rows, (N, C, Q).
    """
    means = column_means(answers(values).transpose(0, 2, 1).reshape(-1, values.shape[1]))
    told = answers(quantile_mean(quantiles)) + 0.0 * answers(values)  # NaN where it is unknown
    return means / column_means(told.transpose(0, 2, 1).reshape(-1, values.shape[1]))
