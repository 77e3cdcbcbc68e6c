"""Means of values that a queue correlates within a run."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.statistics import Estimate, replication_interval

__all__ = ["over_runs", "share_over_runs"]


def over_runs(values: NDArray[np.float64], part: pl.DataFrame, level: float) -> Estimate:
    """Mean over seeds of the mean of each seed, with its t interval.

    Args:
        values: (n,) in the order of `part`; NaN is left out.
        part: rows with `seed`.
        level: of the interval.
    """
    known = ~np.isnan(values)
    seeds, runs = part["seed"].to_numpy()[known], values[known]
    means = [runs[seeds == seed].mean() for seed in np.unique(seeds)]
    return replication_interval(means, level=level)


def share_over_runs(values: NDArray[np.float64], part: pl.DataFrame, level: float) -> Estimate:
    """The same of a share: a t interval knows nothing of 0 and 1, so it ends there."""
    found = over_runs(values, part, level)
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))
