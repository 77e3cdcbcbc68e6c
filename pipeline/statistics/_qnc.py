"""QNC: what a router costs when it is as good as the strongest single model."""

import numpy.typing as npt

from pipeline.statistics._iso import cost_at_quality
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "qnc"]

INFO = (
    MetricInfo(
        "qnc",
        "share of the strongest model's cost",
        "Quality-neutral cost: least cost at which the router is at least as good as the strongest "
        "single model, linear on the concave envelope, over the cost of that model; undefined if "
        "it never is.",
        "lower",
        "UniRoute, arXiv 2502.08773",
    ),
)


def qnc(
    cost: npt.ArrayLike, quality: npt.ArrayLike, *, strong_cost: float, strong_quality: float
) -> float | None:
    """Quality-neutral cost (UniRoute, arXiv 2502.08773).

    Args:
        cost: (k,) mean cost of each operating point of the router, in any unit.
        quality: (k,) mean quality of each.
        strong_cost, strong_quality: those of the single model with the best quality.

    Returns:
        The relative cost, below 1 when the router saves; None when no operating point reaches the
        quality, or when the strongest model costs nothing.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no points.
    """
    reached = cost_at_quality(cost, quality, strong_quality)
    return None if reached is None or strong_cost <= 0.0 else reached / strong_cost
