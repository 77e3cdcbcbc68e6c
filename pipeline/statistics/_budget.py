"""Whether requests kept to their budgets, and by how much they did not."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "budget_compliance", "budget_overshoot"]

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


def budget_compliance(cost: npt.ArrayLike, budget: npt.ArrayLike) -> float | None:
    """Share of the requests with a budget that kept to it; None when none has one.

    Args:
        cost: (n,) what each of all requests cost, USD; what a failed one had spent.
        budget: (n,) what it was allowed to, USD; NaN where it has no budget.

    Raises:
        DataError: the lengths differ, a cost is missing or infinite, or a budget is not above 0.
    """
    excess = _excess(cost, budget)
    return float((excess <= _ROUNDING).mean()) if excess.size else None


def budget_overshoot(cost: npt.ArrayLike, budget: npt.ArrayLike) -> float | None:
    """Mean of cost / budget - 1 of the requests above their budget; None when none is.

    Args:
        cost, budget: as in `budget_compliance`.

    Raises:
        DataError: as `budget_compliance`.
    """
    excess = _excess(cost, budget)
    above = excess[excess > _ROUNDING]
    return float(above.mean()) if above.size else None


def _excess(cost: npt.ArrayLike, budget: npt.ArrayLike) -> Floats:
    """Relative excess of those that have a budget."""
    paid, allowed = finite(cost, "cost"), np.asarray(budget, dtype=np.float64)
    if paid.shape != allowed.shape:
        raise DataError(f"cost and budget have shapes {paid.shape} and {allowed.shape}")
    limited = ~np.isnan(allowed)
    if (allowed[limited] <= 0.0).any():
        raise DataError(f"the least budget is {allowed[limited].min()} USD; above 0 is accepted")
    found: Floats = paid[limited] / allowed[limited] - 1.0
    return found
