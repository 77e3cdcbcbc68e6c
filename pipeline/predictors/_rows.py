"""Rows of the predictor tables."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.rows import SCORES
from pipeline.statistics import Estimate

__all__ = ["score_row", "scores_frame"]


def score_row(
    predictor: str,
    candidate: str,
    metric: str,
    found: Estimate,
    *,
    split: str,
    label: str,
    slice_kind: str = "all",
    slice_name: str = "all",
    versus: str = "none",
) -> dict[str, Any]:
    """One row of `SCORES`, but for who was selected."""
    return {
        "predictor": predictor,
        "candidate": candidate,
        "split": split,
        "slice_kind": slice_kind,
        "slice": slice_name,
        "metric": metric,
        "versus": versus,
        **found.as_row(),
        "label": label,
    }


def scores_frame(rows: Sequence[dict[str, Any]], selected: str) -> pl.DataFrame:
    """Rows of `score_row` as a `SCORES` frame; `selected` names the candidate that serves."""
    return SCORES.frame(row | {"selected": row["candidate"] == selected} for row in rows)
