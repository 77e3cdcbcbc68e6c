"""Means of values that a queue correlates within a run."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.statistics import Estimate, replication_interval

__all__ = ["over_runs"]


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
