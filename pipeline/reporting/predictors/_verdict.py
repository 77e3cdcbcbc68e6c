"""Whether routing by content gains anything on these data."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.predictors._rows import WHOLE, judged, selected_name

__all__ = ["routing_verdict"]

_METRIC = "quality_at_equal_cost"
# What routes without reading the prompt: one model for all, and a model for each data set.
_AGAINST = {"best_single": "the best single model", "dataset_mean": "the mean of each data set"}


def routing_verdict(scores: pl.DataFrame) -> str:
    """Return one sentence from the differences in quality at equal cost on the test split.

    It gains if the intervals against the best single model and against the mean of each data set
    both lie above zero, loses if one of them lies below, and gains nothing that these prompts show
    otherwise.

    Args:
        scores: SCORES rows of quality.
    """
    name = selected_name(scores, "quality")
    rows = judged(scores, "quality", versus=True).filter(
        (pl.col("slice_kind") == WHOLE)
        & (pl.col("metric") == _METRIC)
        & (pl.col("candidate") == name)
        & pl.col("estimate").is_not_null()
    )
    found = {row["versus"]: row for row in rows.iter_rows(named=True) if row["versus"] in _AGAINST}
    needed = [against for against in _AGAINST if against != name]
    if not set(needed) <= set(found):
        return "Whether routing by content gains anything on these data was not measured."
    parts = [found[against] for against in needed]
    where = f"On these data ({parts[0]['label']}, test split)"
    told = " and ".join(
        f"minus that of {_AGAINST[row['versus']]} {_interval(row)}" for row in parts
    )
    return (
        f"{where} routing by content {_outcome(name, parts)}: at equal cost, quality (0 to 1) of "
        f"{name} {told} ({_counts(parts)}; {100 * parts[0]['level']:g} % intervals)."
    )


def _outcome(name: str, parts: Sequence[Mapping[str, Any]]) -> str:
    if name in _AGAINST:
        return f"does not take place, as what serves, {name}, does not read the prompt"
    if any(row["high"] is not None and row["high"] < 0 for row in parts):
        return "loses"
    if all(row["low"] is not None and row["low"] > 0 for row in parts):
        return "gains"
    return f"gains nothing that these {min(row['n'] for row in parts)} prompts show"


def _interval(row: Mapping[str, Any]) -> str:
    ends = "no interval" if row["low"] is None else f"{row['low']:+.3f}, {row['high']:+.3f}"
    return f"{row['estimate']:+.3f} [{ends}]".replace("-", "−")


def _counts(parts: Sequence[Mapping[str, Any]]) -> str:
    counts = sorted({row["n"] for row in parts})
    return f"n = {' and '.join(map(str, counts))}"
