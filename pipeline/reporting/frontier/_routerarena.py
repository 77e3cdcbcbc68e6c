"""The score of RouterArena for one arm."""

from pipeline.statistics import routerarena

__all__ = ["routerarena_of"]


def routerarena_of(quality: float, cost_usd: float) -> float | None:
    """Score of an arm; None where it costs nothing.

    Args:
        quality: mean, 0 to 1.
        cost_usd: mean, USD per request.
    """
    # A mean of ones may end a rounding above 1.
    return routerarena(min(quality, 1.0), 1000.0 * cost_usd) if cost_usd > 0.0 else None
