"""How the predictors grow with their training data."""

import polars as pl

from pipeline.reporting.predictors._metrics import metric_of

__all__ = ["learning_table"]


def learning_table(curves: pl.DataFrame) -> pl.DataFrame:
    """Return the LEARNING rows of all predictors, metrics under their names and units."""
    keys = curves.select("predictor", "metric").rows()
    headings = [metric_of(predictor, metric).heading for predictor, metric in keys]
    return curves.select(
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
