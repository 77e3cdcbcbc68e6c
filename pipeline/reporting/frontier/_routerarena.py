"""The score of RouterArena for one arm."""

from pipeline.reporting.frontier._aligned import Floats
from pipeline.statistics import routerarena

__all__ = ["routerarena_of"]


def routerarena_of(quality: Floats, cost_usd: Floats) -> float | None:
    """Score of the only arm in arrays of one; None where it costs nothing.

    Args:
        quality: (1,) 0 to 1.
        cost_usd: (1,) USD per request.
    """
    cost = float(cost_usd.item())
    # A mean of ones may end a rounding above 1.
    return routerarena(min(float(quality.item()), 1.0), 1000.0 * cost) if cost > 0.0 else None
