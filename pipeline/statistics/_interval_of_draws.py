"""Interval of whatever is computed from joint draws: a ratio, an area, a crossing point."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, open_share
from pipeline.statistics._result import Estimate, degenerate

__all__ = ["interval_of_draws", "over_draws"]

_UNDEFINED = 0.05  # share of draws without a value from which on the others no longer stand for all


def interval_of_draws(
    point: float | None,
    draws: npt.ArrayLike,
    *,
    level: float,
    method: str,
    n: int,
    clusters: int,
    missing: int = 0,
) -> Estimate:
    """Percentile interval of a functional that was evaluated on joint draws.

    Args:
        point: its value on the data; None where it is undefined there.
        draws: (B,) its values on the draws; NaN where undefined.
        level: confidence level.
        method: how the draws were made, for the table.
        n, clusters, missing: what they rest on, as in `Estimate`.

    Returns:
        The estimate; without bounds where the point is undefined, where over 5 % of the draws are,
        or where the draws within the level are all equal.

    Raises:
        ValueError: `level` is outside 0..1.
    """
    open_share(level, "level")
    table = np.asarray(draws, dtype=np.float64)
    known = table[~np.isnan(table)]
    empty = table.size - known.size
    reason = None
    if point is None or np.isnan(point):
        point, reason = None, "undefined on these data"
    elif not known.size or empty > _UNDEFINED * table.size:
        reason = f"undefined in {empty} of {table.size} draws"
    if reason is None:
        low, high = np.quantile(known, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
        if low < high:
            return Estimate(point, float(low), float(high), level, method, n, clusters, missing)
        reason = "the draws within the level are all equal"
    return degenerate(reason, point, level=level, n=n, clusters=clusters, missing=missing)


def over_draws(function: Callable[..., float | None], *arrays: Floats) -> Floats:
    """Apply a function to each draw: arrays of (B, ...) to (B,).

    NaN where the function gives None, and in a draw with a missing value, which is not handed to
    it: leave out arms without values beforehand.
    """
    found = np.full(len(arrays[0]), np.nan)
    whole = [~np.isnan(array).reshape(len(array), -1).any(axis=1) for array in arrays]
    complete = np.logical_and.reduce(whole)
    for draw, parts in enumerate(zip(*arrays, strict=True)):
        value = function(*parts) if complete[draw] else None
        found[draw] = np.nan if value is None else value
    return found
