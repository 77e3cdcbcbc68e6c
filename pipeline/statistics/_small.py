"""Mean of a bounded score over few prompts, with coverage guaranteed at any number of them."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite, in_unit, open_share
from pipeline.statistics._exact import share_interval
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["small_mean_interval"]

# Stakes of the bettors as shares of all that may be staked: fine where variances are small.
_STAKES = np.geomspace(0.005, 0.95, 40)[:, None]
_STEPS = 60  # of bisection: 2^-60 is below the rounding of a share


def small_mean_interval(values: npt.ArrayLike, level: float) -> Estimate:
    """Mean of scores between 0 and 1, for fewer than about 100 independent prompts.

    There, normal and bootstrap intervals are too short, most of all near 0 and 1 (Bowyer et al.
    2025, arXiv 2503.01747). Scores of 0 and 1 get the exact interval of Clopper and Pearson.
    Graded scores get the betting interval of Waudby-Smith and Ramdas (2024, JRSS B 86:1-27): a mean
    m is excluded when bettors against it, of constant stakes, multiply their money by 2 / (1 -
    level) on average, which happens to the true mean with a chance of at most (1 - level) / 2 for
    any distribution on 0..1. That is wider than a bootstrap: with many prompts or with clusters
    use `mean_interval`.

    Args:
        values: (n,) scores, 0..1, of independent prompts.
        level: confidence level, for example 0.95.

    Returns:
        The mean with its interval, also for one prompt or constant scores; without bounds for none.

    Raises:
        DataError: a value is NaN or outside 0..1.
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    scores = finite(values, "values")
    in_unit(scores, "values")
    n = scores.size
    if not n:
        return degenerate("no values", None, level=level, n=0, clusters=0)
    if np.isin(scores, (0.0, 1.0)).all():
        return share_interval(int(scores.sum()), n, level)
    wanted = float(np.log(2.0 / (1.0 - level)))
    low, high = _lower(scores, wanted), 1.0 - _lower(1.0 - scores, wanted)
    return Estimate(float(scores.mean()), low, high, level, "betting interval", n, n)


def _lower(scores: Floats, wanted: float) -> float:
    """The smallest mean that bettors on larger scores cannot exclude.

    What they win falls as the mean rises, and at the mean of the scores they win nothing.
    """
    low, high = 0.0, float(scores.mean())
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if _won(scores, middle) >= wanted:
            low = middle
        else:
            high = middle
    return low


def _won(scores: Floats, mean: float) -> float:
    """Log of the average money of bettors who stake c / mean on each score above the mean."""
    wealth = np.log1p(_STAKES * (scores / mean - 1.0)).sum(axis=1)
    top = float(wealth.max())
    return top + float(np.log(np.exp(wealth - top).mean()))
