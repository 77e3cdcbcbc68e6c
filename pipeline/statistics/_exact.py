"""Exact interval of a share."""

from pipeline.errors import DataError
from pipeline.statistics._arrays import open_share
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["share_interval"]


def share_interval(hits: int, n: int, level: float) -> Estimate:
    """Share hits / n with the exact interval of Clopper and Pearson (1934).

    It takes the n as independent. A share of 0 or 1 still has an interval, with one bound at the
    share itself.

    Args:
        hits: how many of n, 0..n.
        n: trials; 0 has no share.
        level: confidence level, for example 0.95.

    Raises:
        DataError: `hits` is outside 0..n.
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    if not 0 <= hits <= n:
        raise DataError(f"{hits} hits of {n}; 0 to {n} are accepted")
    if not n:
        return degenerate("no rows", None, level=level, n=0, clusters=0)
    from scipy import special

    tail = (1.0 - level) / 2.0
    # The bounds are quantiles of the beta distribution.
    low = float(special.betaincinv(hits, n - hits + 1, tail)) if hits else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1.0 - tail)) if hits < n else 1.0
    return Estimate(hits / n, low, high, level, "Clopper-Pearson", n, n)
