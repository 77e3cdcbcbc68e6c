"""Utility at a willingness to pay, and where one system overtakes another."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite_columns
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "willing_crossings", "willing_utility"]

_ROUNDING = 1e-9  # relative

INFO = (
    MetricInfo(
        "willing_utility",
        "score",
        "Best quality less cost over w among the operating points, for a user who pays w USD for "
        "a request that is perfect rather than worthless.",
        "higher",
        "RouterBench, arXiv 2403.12031",
    ),
)


def willing_utility(cost: npt.ArrayLike, quality: npt.ArrayLike, willing: npt.ArrayLike) -> Floats:
    """Utility q - c / w of the best operating point at each willingness to pay.

    Args:
        cost: (..., k) mean cost of each operating point, USD per request; leading axes are draws.
        quality: (..., k) mean quality of each, 0..1.
        willing: (g,) what a quality of 1 rather than 0 is worth, USD per request, above 0.

    Returns:
        (..., g), without a unit. NaN in a draw with a missing value.

    Raises:
        DataError: the shapes differ, there are no points, or a willingness is not above 0.
    """
    costs, qualities = (np.asarray(one, dtype=np.float64) for one in (cost, quality))
    worth = np.asarray(willing, dtype=np.float64)
    if costs.shape != qualities.shape or not costs.ndim or not costs.shape[-1]:
        raise DataError(f"cost and quality have shapes {costs.shape} and {qualities.shape}")
    if worth.ndim != 1 or not (np.isfinite(worth) & (worth > 0.0)).all():
        raise DataError("willing holds a value that is no finite number above 0")
    found: Floats = (qualities[..., None] - costs[..., None] / worth).max(axis=-2)
    return found


def willing_crossings(
    cost: npt.ArrayLike,
    quality: npt.ArrayLike,
    *,
    other_cost: npt.ArrayLike,
    other_quality: npt.ArrayLike,
) -> Floats:
    """Willingness to pay at which one system stops being better than another.

    With the price p = 1 / w the utility of a system is the largest of the lines q - c p, so two
    systems can only change places where a line of one meets a line of the other.

    Args:
        cost, quality: (k,) means of the operating points of the one.
        other_cost, other_quality: (m,) those of the other.

    Returns:
        (x,) increasing, USD per request; empty when one is never worse at any w above 0. Where the
        two are equal over a stretch, its ends.

    Raises:
        DataError: a value is NaN or infinite, two lengths differ, or a system has no points.
    """
    costs, qualities = finite_columns(cost=cost, quality=quality)
    their_costs, their_qualities = finite_columns(
        other_cost=other_cost, other_quality=other_quality
    )
    dearer = costs[:, None] - their_costs
    better = qualities[:, None] - their_qualities
    meeting = better[dearer != 0.0] / dearer[dearer != 0.0]
    prices = np.unique(meeting[meeting > 0.0])
    # Lines that meet in one point do so up to rounding.
    prices = prices[np.diff(prices, prepend=-1.0) > _ROUNDING * prices]
    if not prices.size:
        return prices
    # The sign cannot change between two meetings, so one look there is enough.
    middles = np.concatenate([[0.5 * prices[0]], (prices[1:] + prices[:-1]) / 2, [2 * prices[-1]]])
    own = willing_utility(costs, qualities, 1.0 / middles)
    theirs = willing_utility(their_costs, their_qualities, 1.0 / middles)
    ahead = np.sign(own - theirs)
    changes: Floats = 1.0 / prices[ahead[1:] != ahead[:-1]]
    return changes[::-1]
