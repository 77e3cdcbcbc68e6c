"""Krippendorff's alpha: agreement of any number of raters, corrected for chance."""

from typing import Literal

import numpy as np

from pipeline.statistics._arrays import Floats
from pipeline.statistics._midranks import midranks

__all__ = ["krippendorff_alpha"]

_ROUNDING = 1e-18  # of a squared difference: values that differ by rounding are one value


def krippendorff_alpha(
    ratings: Floats, weights: Floats, scale: Literal["interval", "ordinal"] = "interval"
) -> Floats:
    """Alpha = 1 - observed / expected disagreement (Krippendorff 2011), per resample; (b,).

    1 is perfect agreement, 0 what raters without a clue reach, below 0 worse. The interval scale
    squares differences of values. The ordinal scale squares differences of midranks among all
    ratings, which is Krippendorff's own measure: the ratings between two ranks and half of those
    at either end.

    Args:
        ratings: (n, r) of n units by r raters; NaN is missing. Units with fewer than two ratings
            say nothing about agreement and are left out.
        weights: (b, n) how often each unit counts, one resample a row.
        scale: of the differences.

    Returns:
        alpha; NaN where no two ratings can be paired, or all ratings are equal.
    """
    kept = np.count_nonzero(~np.isnan(ratings), axis=1) >= 2
    table, weights = ratings[kept], weights[:, kept]
    there = ~np.isnan(table)
    sizes = np.count_nonzero(there, axis=1)
    if not sizes.size:
        return np.full(weights.shape[0], np.nan)
    values = _on_scale(table, there, weights, scale)
    sums, squares = values.sum(axis=2), (values * values).sum(axis=2)
    within = (sizes * squares - sums * sums) / (sizes - 1)
    count = weights @ sizes
    total = (weights * sums).sum(axis=1)
    between = count * (weights * squares).sum(axis=1) - total * total
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha = 1.0 - (count - 1.0) * (weights * within).sum(axis=1) / between
    found: Floats = np.where(between > _ROUNDING * count**2, alpha, np.nan)
    return found


def _on_scale(table: Floats, there: Floats, weights: Floats, scale: str) -> Floats:
    """The ratings as numbers whose squared differences count, (b or 1, n, r); 0 where missing."""
    raters = table.shape[1]
    if scale == "interval":
        centred = table - np.nanmean(table)  # keeps the sums of squares exact
        return np.where(there, centred, 0.0)[None]
    flat = there.ravel()
    repeated = np.repeat(weights, raters, axis=1)[:, flat]
    values = np.zeros((weights.shape[0], flat.size))
    values[:, flat] = midranks(table.ravel()[flat], repeated)
    return values.reshape(-1, *table.shape)
