"""Percentile bounds of bootstrap draws."""

from pipeline.statistics._arrays import Floats
from pipeline.statistics._quantiles import Bounds, quantile_bounds

__all__ = ["percentile_bounds"]


def percentile_bounds(draws: Floats, level: float) -> list[Bounds]:
    """Percentile interval of each column (Efron 1979), or why it has none.

    It ignores bias and skew, which BCa corrects, and serves as the check on it.

    Args:
        draws: (B, m) resampled values; NaN where a resample holds none.
        level: confidence level, for example 0.95.
    """
    shares = ((1.0 - level) / 2.0, (1.0 + level) / 2.0)
    return [quantile_bounds(column, shares) for column in draws.T]
