"""Joint draws of means over independent runs, for what is computed from several arms at once."""

import math

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats

__all__ = ["run_draws"]


def run_draws(per_run: npt.ArrayLike, *, draws: int, rng: np.random.Generator) -> Floats:
    """Draw the means of m arms over r runs from their joint confidence distribution.

    Multivariate t with r - 1 degrees of freedom around the means, with the covariance of the runs:
    mean + X'z / sqrt(r (r - 1)) * sqrt((r - 1) / chi2), where X holds the centred runs and z is
    standard normal. So the quantiles of an arm are its Student t interval, and those of a
    difference of two arms their paired one (`paired_replication_interval`): resampling the runs
    themselves would be too narrow with five of them.

    Args:
        per_run: (r, m) one number per run and arm; runs share their random numbers across arms. A
            column with a NaN gives NaN.
        draws: how many.
        rng: source of the draws, of a stream that nothing else uses.

    Returns:
        (draws, m), in the unit of the column. A column whose runs are all equal does not vary.

    Raises:
        DataError: the shape is not (r, m), there are fewer than two runs, or a value is infinite.
        ValueError: `draws` is below 1.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, got {draws}")
    runs = np.asarray(per_run, dtype=np.float64)
    if runs.ndim != 2 or runs.shape[0] < 2:
        raise DataError(f"per_run has shape {runs.shape}; (runs, arms) with two runs is accepted")
    if np.isinf(runs).any():
        raise DataError("per_run has infinite values; drop and count them first")
    count = runs.shape[0]
    mean = runs.mean(axis=0)
    normal = rng.standard_normal((draws, count))
    widening = np.sqrt((count - 1) / rng.chisquare(count - 1, draws))
    # Summed arm by arm: a matrix product adds in an order that varies by the number of threads.
    spread = np.einsum("br,rm->bm", normal, runs - mean) / math.sqrt(count * (count - 1))
    drawn: Floats = mean + widening[:, None] * spread
    return drawn
