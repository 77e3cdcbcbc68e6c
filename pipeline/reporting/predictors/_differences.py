"""Candidates minus the references that they have to beat, paired on the same rows."""

import polars as pl

from pipeline.reporting.predictors._candidates import candidate_order
from pipeline.reporting.predictors._metrics import metric_of
from pipeline.reporting.predictors._rows import WHOLE, judged

__all__ = ["difference_table", "reading"]


def difference_table(scores: pl.DataFrame, predictor: str) -> pl.DataFrame:
    """Return one row per candidate, reference and metric on the whole test split.

    Columns: candidate, minus, metric with its unit, better (which sign is), estimate, low, high,
    reading (ahead, behind, not told apart, or no interval), n, clusters.
    """
    rows = judged(scores, predictor, versus=True).filter(pl.col("slice_kind") == WHOLE)
    place = {name: i for i, name in enumerate(candidate_order(scores, predictor))}
    found = sorted(rows.iter_rows(named=True), key=lambda row: place[row["candidate"]])
    table = []
    for row in found:
        metric = metric_of(predictor, row["metric"])
        table.append(
            {
                "candidate": row["candidate"],
                "minus": row["versus"],
                "metric": metric.heading,
                "better": metric.better,
                "estimate": row["estimate"],
                "low": row["low"],
                "high": row["high"],
                "reading": reading(row["low"], row["high"], metric.better),
                "n": row["n"],
                "clusters": row["clusters"],
            }
        )
    return pl.DataFrame(table, schema=_SCHEMA, orient="row")


def reading(low: float | None, high: float | None, better: str) -> str:
    """Return on which side of zero an interval lies, in the words of the table."""
    if low is None or high is None:
        return "no interval"
    if low <= 0 <= high:
        return "not told apart"
    if not better:
        return "above" if low > 0 else "below"
    return "ahead" if (low > 0) == (better == "higher") else "behind"


_SCHEMA = {
    "candidate": pl.String,
    "minus": pl.String,
    "metric": pl.String,
    "better": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "reading": pl.String,
    "n": pl.Int64,
    "clusters": pl.Int64,
}
