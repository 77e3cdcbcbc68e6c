"""What a served request was worth to its user, in one number."""

import polars as pl

from pipeline.params import ScaleParams, WeightParams

__all__ = ["UTILITY_UNIT", "with_utility"]

UTILITY_UNIT = "score"


def with_utility(rows: pl.DataFrame, weights: WeightParams, scales: ScaleParams) -> pl.DataFrame:
    """Return the rows with a column `utility`, of what was served and not of what was predicted.

    utility = w_quality quality - w_latency e2e_s / scales.latency_s - w_cost cost_usd /
    scales.cost_usd, without a unit. The weight of balance is left out: it steers the fleet and is
    nothing that a user gets. Where one of the three is null, so is the utility, even if its weight
    is 0: an unserved request has none.

    Args:
        rows: rows of `measured`, with quality (0 to 1), e2e_s (s) and cost_usd (USD).
        weights: what a unit of each scale is worth.
        scales: what counts as one unit.
    """
    worth = weights.quality * pl.col("quality")
    paid = weights.latency * pl.col("e2e_s") / scales.latency_s
    paid += weights.cost * pl.col("cost_usd") / scales.cost_usd
    return rows.with_columns((worth - paid).alias("utility"))
