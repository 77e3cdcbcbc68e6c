"""Quality at a declared cost, and cost at a declared quality, of a system's operating points."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._metric import MetricInfo
from pipeline.statistics._pareto import mixture_hull

__all__ = ["INFO", "cost_at_quality", "quality_at_cost"]

INFO = (
    MetricInfo(
        "quality_at_cost",
        "0 to 1",
        "Best quality at a mean cost of at most the declared one, linear between the operating "
        "points on the concave envelope; undefined below the cheapest point.",
        "higher",
        "iso-cost reading, common",
    ),
    MetricInfo(
        "cost_at_quality",
        "USD per request",
        "Least mean cost at which the quality is at least the declared one, linear between the "
        "operating points on the concave envelope; undefined above the best point.",
        "lower",
        "iso-quality reading, common",
    ),
)


def quality_at_cost(cost: npt.ArrayLike, quality: npt.ArrayLike, at: float) -> float | None:
    """Best quality that a mean cost of at most `at` attains, mixing operating points at random.

    A cost beyond the dearest point attains what that point does, for less; nothing is
    extrapolated.

    Args:
        cost: (k,) mean cost of each operating point, in any unit.
        quality: (k,) mean quality of each.
        at: the declared cost.

    Returns:
        The quality; None below the cheapest point.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no points.
    """
    costs, qualities = mixture_hull(cost, quality)
    return float(np.interp(at, costs, qualities)) if at >= costs[0] else None


def cost_at_quality(cost: npt.ArrayLike, quality: npt.ArrayLike, at: float) -> float | None:
    """Least mean cost that attains a quality of at least `at`, mixing operating points at random.

    Args:
        cost: (k,) mean cost of each operating point, in any unit.
        quality: (k,) mean quality of each.
        at: the declared quality.

    Returns:
        The cost, that of the cheapest point where this is good enough; None above the best point.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no points.
    """
    costs, qualities = mixture_hull(cost, quality)
    return float(np.interp(at, qualities, costs)) if at <= qualities[-1] else None
