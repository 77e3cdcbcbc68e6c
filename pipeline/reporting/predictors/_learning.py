"""How the predictors grow with their training data."""

from collections.abc import Sequence

import polars as pl

from pipeline.reporting.predictors._metrics import metric_of

__all__ = ["learning_table"]


def learning_table(curves: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return the LEARNING rows of several predictors, metrics under their names and units."""
    rows = pl.concat(curves)
    named = {
        (predictor, metric): metric_of(predictor, metric).heading
        for predictor, metric in rows.select("predictor", "metric").unique().iter_rows()
    }
    headings = [named[key] for key in rows.select("predictor", "metric").iter_rows()]
    return rows.select(
        "predictor",
        "candidate",
        pl.col("dataset").alias("data set or tier"),
        "share",
        "trained_on",
        pl.Series("metric", headings, pl.String),
        "estimate",
        "low",
        "high",
        "n",
        "clusters",
    )
