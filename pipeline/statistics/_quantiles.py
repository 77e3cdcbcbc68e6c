"""Two quantiles of the draws of one column, as bounds or as the reason against them."""

import numpy as np

from pipeline.statistics._arrays import Floats

__all__ = ["Bounds", "held", "quantile_bounds"]

# Lower and upper bound, or why there are none.
Bounds = tuple[float, float] | str

_EMPTY = 0.01  # share of resamples without a value from which on the rest no longer stand for all


def held(draws: Floats) -> Floats | str:
    """The draws (b,) of one column that are not NaN; or the reason, when too many are."""
    known = draws[~np.isnan(draws)]
    empty = draws.size - known.size
    if empty > _EMPTY * draws.size:
        return f"{empty} of {draws.size} resamples hold no value"
    return known


def quantile_bounds(draws: Floats, shares: tuple[float, float]) -> Bounds:
    """Quantiles of the draws (B,) at two shares, 0..1."""
    known = held(draws)
    if isinstance(known, str):
        return known
    low, high = (float(bound) for bound in np.quantile(known, shares))
    return (low, high) if low < high else "the resamples within the level are all equal"
