"""AUDC: where a router's deferral curve lies between random mixing and the oracle."""

import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite_columns
from pipeline.statistics._curve import Point, area, curve
from pipeline.statistics._metric import MetricInfo
from pipeline.statistics._pareto import mixture_hull

__all__ = ["INFO", "audc"]

INFO = (
    MetricInfo(
        "audc",
        "0 random mixing, 1 oracle",
        "Area under the deferral curve (quality over cost, from the cheapest single model to the "
        "dearest corner of their random mixtures), less that of the mixtures, over the same for "
        "the oracle.",
        "higher",
        "Gupta et al. 2024; UniRoute, arXiv 2502.08773; normalised here",
    ),
)


def audc(
    cost: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    model_cost: npt.ArrayLike,
    model_quality: npt.ArrayLike,
    oracle_cost: npt.ArrayLike,
    oracle_quality: npt.ArrayLike,
) -> float | None:
    """Area under the deferral curve, scaled so that random mixing is 0 and the oracle 1.

    The curve of a system starts at the cheapest single model, where nothing is deferred, unless
    the system has a point at its cost or below. It goes in straight lines through the operating
    points in order of cost, the dominated ones too, and stays at the last. The area is that
    between the ends of the hull of the single models. After Gupta et al. (2024) and UniRoute
    (arXiv 2502.08773); the scaling makes figures of different fleets comparable.

    Args:
        cost, quality: (k,) means of each operating point of the router.
        model_cost, model_quality: (m,) means of each single model.
        oracle_cost, oracle_quality: (o,) means of the per-prompt oracle, at one or more prices.

    Returns:
        The score, below 0 for a router worse than random mixing; None when one model is the best
        and the cheapest, or when the oracle is no better than random mixing.

    Raises:
        DataError: a value is NaN or infinite, two lengths differ, or a part has no points.
    """
    costs, qualities = finite_columns(cost=cost, quality=quality)
    bounds, heights = finite_columns(oracle_cost=oracle_cost, oracle_quality=oracle_quality)
    hull = mixture_hull(model_cost, model_quality)
    start, low, high = (hull[0][0], hull[1][0]), float(hull[0][0]), float(hull[0][-1])
    if low == high:
        return None
    mixed = area(*hull, low, high)
    own = area(*_deferral(costs, qualities, start), low, high) - mixed
    best = area(*_deferral(bounds, heights, start), low, high) - mixed
    return own / best if best > 0.0 else None


def _deferral(costs: Floats, qualities: Floats, start: Point) -> tuple[Floats, Floats]:
    cheapest = costs.min()
    if cheapest <= start[0]:
        # Choosing per prompt can cost less than any one model, which is no reason to drop it.
        start = (float(cheapest), float(qualities[costs == cheapest].mean()))
    return curve(costs, qualities, start)
