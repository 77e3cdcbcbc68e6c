"""What a latency model answers on PROFILE rows: one table for serving and for judging."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors import TARGETS, LatencyModel, profile_features

__all__ = ["latency_bounds"]


def latency_bounds(model: LatencyModel, rows: pl.DataFrame) -> NDArray[np.float64]:
    """Expected seconds and bounds, (n, targets, 3): mean, low, high.

    Args:
        model: heads by tier.
        rows: tier, and the state columns of PROFILE rows that are known at dispatch.

    Raises:
        UnknownNameError: a tier is none of the model's.
    """
    features = profile_features(rows)
    tiers = rows["tier"].to_numpy()
    values = np.full((rows.height, len(TARGETS), 3), np.nan)
    for tier in sorted(set(tiers)):
        chosen = tiers == tier
        for place, target in enumerate(TARGETS):
            head = model.head(str(tier), target)
            factors = np.array([1.0, head.bounds.low, head.bounds.high])
            values[chosen, place] = head.predict(features[chosen])[:, None] * factors
    return values
