"""AIQ: how much quality a system gives per cost, averaged over a range of costs."""

import numpy.typing as npt

from pipeline.statistics._curve import area
from pipeline.statistics._metric import MetricInfo
from pipeline.statistics._pareto import mixture_hull

__all__ = ["INFO", "aiq"]

INFO = (
    MetricInfo(
        "aiq",
        "0 to 1",
        "Mean over the declared range of costs of the quality on the non-decreasing concave "
        "envelope of the operating points; below the cheapest of them it counts as 0, beyond the "
        "dearest it stays.",
        "higher",
        "RouterBench, arXiv 2403.12031",
    ),
)


def aiq(cost: npt.ArrayLike, quality: npt.ArrayLike, *, low: float, high: float) -> float | None:
    """Average improvement in quality (RouterBench, arXiv 2403.12031).

    Area under the envelope of `mixture_hull` over low..high, divided by the range. A budget below
    the cheapest point buys no answer, so it adds nothing, as in RouterBench; beyond the last
    corner less is spent than allowed and the quality stays. Figures of different ranges cannot be
    compared, so the range is declared and not read off the points.

    Args:
        cost: (k,) mean cost of each operating point, in any unit.
        quality: (k,) mean quality of each, 0..1.
        low, high: the declared range, in the unit of `cost`.

    Returns:
        The mean quality, 0..1; None when every point is dearer than the range.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no points.
        ValueError: the range has no width.
    """
    if not low < high:
        raise ValueError(f"the range of costs must have a width, got {low!r} to {high!r}")
    costs, qualities = mixture_hull(cost, quality)
    if costs[0] > high:
        return None
    return area(costs, qualities, max(low, float(costs[0])), high) / (high - low)
