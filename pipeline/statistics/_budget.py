"""Whether requests kept to their budgets, and by how much they did not."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "budget_excess"]

_ROUNDING = 1e-9  # relative: a cost added up token by token may end a little above its budget

INFO = (
    MetricInfo(
        "budget_compliance",
        "0 to 1",
        "Share of the requests with a budget, failed and refused ones included, whose cost is "
        "within it.",
        "higher",
        "RouteBalance",
    ),
    MetricInfo(
        "budget_overshoot",
        "share of the budget",
        "Mean excess over the budget, relative to it, of the requests that cost more than their "
        "budget; undefined if none did.",
        "lower",
        "RouteBalance",
    ),
)


def budget_excess(cost: npt.ArrayLike, budget: npt.ArrayLike) -> Floats:
    """By how much each request exceeded its budget, relative to it: 0 within, NaN without one.

    Compliance is the share of zeros among the known values, overshoot the mean of the others.

    Args:
        cost: (n,) what each of all requests cost, USD; what a failed one had spent.
        budget: (n,) what it was allowed to, USD; NaN where it has no budget.

    Raises:
        DataError: the lengths differ, a cost is missing or infinite, or a budget is not above 0.
    """
    paid, allowed = finite(cost, "cost"), np.asarray(budget, dtype=np.float64)
    if paid.shape != allowed.shape:
        raise DataError(f"cost and budget have shapes {paid.shape} and {allowed.shape}")
    limited = allowed[~np.isnan(allowed)]
    if limited.size and limited.min() <= 0.0:
        raise DataError(f"the least budget is {limited.min():g} USD; above 0 is accepted")
    excess = paid / allowed - 1.0
    found: Floats = np.where(excess <= _ROUNDING, 0.0, excess)
    return found
