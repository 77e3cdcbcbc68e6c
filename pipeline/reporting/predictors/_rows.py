"""Which rows of the scores a table is about."""

from collections.abc import Sequence

import polars as pl

from pipeline.reporting.predictors._metrics import metric_of

__all__ = ["WHOLE", "beside", "counted", "judged", "present", "selected_name"]

WHOLE = "all"
_ALONE = "none"


def judged(
    scores: pl.DataFrame, predictor: str, split: str = "test", *, versus: bool = False
) -> pl.DataFrame:
    """Return the SCORES rows of one predictor on one split: its own, or its differences."""
    alone = pl.col("versus") == _ALONE
    here = (pl.col("predictor") == predictor) & (pl.col("split") == split)
    return scores.filter(here & (~alone if versus else alone))


def selected_name(scores: pl.DataFrame, predictor: str) -> str:
    """Return the candidate that serves; an empty text where no row says so."""
    rows = scores.filter((pl.col("predictor") == predictor) & pl.col("selected"))
    return "" if rows.is_empty() else str(rows["candidate"][0])


def present(rows: pl.DataFrame, metrics: Sequence[str]) -> list[str]:
    """Return those of the metrics that the rows hold, in the order asked for."""
    found = set(rows["metric"])
    return [metric for metric in metrics if metric in found]


def beside(
    base: pl.DataFrame, rows: pl.DataFrame, predictor: str, metrics: Sequence[str]
) -> pl.DataFrame:
    """Return `base` with one estimate of three columns per metric.

    Args:
        base: one row per key; its columns among those of `rows` are the key.
        rows: SCORES rows, one per key and metric.
        predictor: whose metrics they are.
        metrics: in the order of the columns.
    """
    keys = [name for name in base.columns if name in rows.columns]
    for metric in metrics:
        heading = metric_of(predictor, metric).heading
        ends = (pl.col(end).alias(f"{heading}{tail}") for end, tail in _ENDS)
        part = rows.filter(pl.col("metric") == metric).select(*keys, *ends)
        base = base.join(part, on=keys, how="left", maintain_order="left")
    return base


def counted(
    rows: pl.DataFrame, predictor: str, metrics: Sequence[str], keys: Sequence[str]
) -> pl.DataFrame:
    """Return the keys and how many values the first metric has.

    Others may have more or less: a prompt has one regret, but a label for each model.
    """
    first = metrics[0] if metrics else ""
    heading = f"n of {metric_of(predictor, first).name}" if first else "n"
    return rows.filter(pl.col("metric") == first).select(*keys, pl.col("n").alias(heading))


_ENDS = (("estimate", ""), ("low", "_low"), ("high", "_high"))
