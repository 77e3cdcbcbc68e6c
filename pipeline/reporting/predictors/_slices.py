"""Where the candidate that serves is weak."""

from collections.abc import Sequence

import polars as pl

from pipeline.reporting.predictors._metrics import metric_of
from pipeline.reporting.predictors._rows import (
    WHOLE,
    beside,
    counted,
    judged,
    present,
    selected_name,
)

__all__ = ["slice_table"]


def slice_table(scores: pl.DataFrame, predictor: str, metrics: Sequence[str]) -> pl.DataFrame:
    """Return one row per slice of the test split, worst first by the first metric that is there.

    Columns: by (what it was cut by), slice, n, then each metric as X, X_low, X_high. The whole is
    among the slices, so that one sees how far the worst lies from it.
    """
    rows = judged(scores, predictor).filter(pl.col("candidate") == selected_name(scores, predictor))
    shown = present(rows.filter(pl.col("slice_kind") != WHOLE), metrics)
    keys = ["slice_kind", "slice"]
    first = rows.filter(pl.col("metric") == (shown[0] if shown else ""))
    ahead = metric_of(predictor, shown[0]).better == "higher" if shown else False
    base = first.sort("estimate", descending=not ahead, nulls_last=True, maintain_order=True)
    counts = counted(base, predictor, shown, keys)
    return beside(counts, rows, predictor, shown).rename({"slice_kind": "by"})
