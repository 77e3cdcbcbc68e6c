"""Which model served."""

import polars as pl

__all__ = ["mix_table"]


def mix_table(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the share of requests that each arm sent to each model at each rate.

    Columns: arm, rate, model, share (0 to 1), n (requests of the model), label. Failed requests
    count, because they were routed too; refused ones, which went nowhere, have the model null.
    Shares of one arm and rate add up to 1.

    Args:
        rows: rows of `frontier_rows`.
    """
    size = pl.col("n").sum().over("arm", "rate")
    return (
        rows.group_by("arm", "rate", "model")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("label").unique().sort().str.join(" + "))
        .sort("arm", "rate", "model")
        .select("arm", "rate", "model", (pl.col("n") / size).alias("share"), "n", "label")
    )
