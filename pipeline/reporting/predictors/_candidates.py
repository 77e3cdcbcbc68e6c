"""Every candidate of a predictor beside the others."""

from collections.abc import Sequence

import polars as pl

from pipeline.reporting.predictors._metrics import CHOSEN_BY, metric_of
from pipeline.reporting.predictors._rows import (
    WHOLE,
    beside,
    counted,
    judged,
    present,
    selected_name,
)

__all__ = ["candidate_order", "candidate_table"]


def candidate_order(scores: pl.DataFrame, predictor: str) -> list[str]:
    """Return the candidates, best first by the number that selection goes by.

    That is on the validation split; a candidate without it comes last, by its name.
    """
    metric = CHOSEN_BY[predictor]
    whole = pl.col("slice_kind") == WHOLE
    rows = judged(scores, predictor, "validation").filter(whole & (pl.col("metric") == metric))
    known = dict(rows.drop_nulls("estimate").select("candidate", "estimate").iter_rows())
    sign = -1.0 if metric_of(predictor, metric).better == "higher" else 1.0
    names = scores.filter((pl.col("predictor") == predictor) & whole)["candidate"].unique()
    return sorted(names, key=lambda name: (name not in known, sign * known.get(name, 0.0), name))


def candidate_table(
    scores: pl.DataFrame, predictor: str, metrics: Sequence[str], *, validation: bool = False
) -> pl.DataFrame:
    """Return one row per candidate in the order of `candidate_order`.

    Columns: candidate, whether it serves, then on the test split each of the metrics that was
    measured as X, X_low, X_high, and n of the first one.

    Args:
        scores: SCORES rows.
        predictor: quality, length or latency.
        metrics: in the order of the columns.
        validation: whether the number that selection goes by stands before them.
    """
    whole = pl.col("slice_kind") == WHOLE
    test = judged(scores, predictor).filter(whole)
    shown = present(test, metrics)
    judged_at_all = set(test.filter(pl.col("metric").is_in(shown))["candidate"])
    names = [name for name in candidate_order(scores, predictor) if name in judged_at_all]
    best = selected_name(scores, predictor)
    table = pl.DataFrame({"candidate": names}, schema={"candidate": pl.String}).with_columns(
        (pl.col("candidate") == best).alias("serves")
    )
    if validation:
        chosen_by = _validation(scores, predictor)
        table = table.join(chosen_by, on="candidate", how="left", maintain_order="left")
    counts = counted(test, predictor, shown, ["candidate"])
    wide = beside(table, test, predictor, shown)
    return wide.join(counts, on="candidate", how="left", maintain_order="left")


def _validation(scores: pl.DataFrame, predictor: str) -> pl.DataFrame:
    """The number that selection goes by, as three columns of its own."""
    metric = CHOSEN_BY[predictor]
    heading = f"validation {metric_of(predictor, metric).heading}"
    rows = judged(scores, predictor, "validation").filter(
        (pl.col("slice_kind") == WHOLE) & (pl.col("metric") == metric)
    )
    return rows.select(
        "candidate",
        pl.col("estimate").alias(heading),
        pl.col("low").alias(f"{heading}_low"),
        pl.col("high").alias(f"{heading}_high"),
    )
