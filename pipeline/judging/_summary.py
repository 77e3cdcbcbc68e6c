"""Judgements in numbers: counts per source, and what the judges took."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.judging._case import G_EVAL
from pipeline.judging._pairs import Pair

__all__ = ["judge_counts", "pair_counts"]

Count = float | int | None

_POSITION = "position"  # stands where the metric does: pairs have none
_TAKEN: dict[str, pl.DataType] = {
    "path": pl.String(),
    "prompt_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "cost_usd": pl.Float64(),
}


def judge_counts(judgements: pl.DataFrame) -> dict[str, dict[str, Count]]:
    """Per "source/metric": what became of the rows, and what language models took for theirs.

    rows, scored, failed, zeros (true ones), mean (of the scored), truncated, truncated_share; of
    language models also weighted_share (of the scores, by log-probabilities) and, of the distinct
    verdicts, because rows of equal texts share one: verdicts, prompt_tokens, output_tokens,
    unpriced (their cost is unknown) and cost_usd. What some verdict does not state is null.
    """
    table = (
        judgements.group_by("quality_source", "metric")
        .agg(
            pl.len().alias("rows"),
            pl.col("score").count().alias("scored"),
            pl.col("score").null_count().alias("failed"),
            (pl.col("score") == 0).sum().alias("zeros"),
            pl.col("score").mean().alias("mean"),
            pl.col("truncated").sum().alias("truncated"),
            pl.col("truncated").mean().alias("truncated_share"),
        )
        .sort("quality_source", "metric")
    )
    asked = judgements.filter(pl.col("metric") == G_EVAL).unique("verdict_key", keep="first")
    stated = pl.col("score").is_not_null() | pl.col("prompt_tokens").is_not_null()
    taken = _taken(asked.filter(stated))
    counts: dict[str, dict[str, Count]] = {}
    for row in table.iter_rows(named=True):
        source, metric = row.pop("quality_source"), row.pop("metric")
        counts[f"{source}/{metric}"] = row | taken.get((source, metric), {})
    return counts


def pair_counts(
    pairs: Sequence[Pair], told: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Count]]:
    """Per "source/position": what became of the pairs of the position audit, and what they took.

    Args:
        pairs: of `position_pairs`.
        told: their verdicts as the journal keeps them, by key; one that is not there failed.
    """
    sources = {pair.key: pair.first.source for pair in pairs}
    known = [
        {"quality_source": source, "metric": _POSITION} | {name: told[key][name] for name in _TAKEN}
        for key, source in sources.items()
        if key in told
    ]
    place = {name: pl.String() for name in ("quality_source", "metric")}
    taken = _taken(pl.DataFrame(known, schema=pl.Schema({**place, **_TAKEN})))
    scored = Counter(row["quality_source"] for row in known)
    return {
        f"{source}/{_POSITION}": {
            "rows": rows,
            "scored": scored[source],
            "failed": rows - scored[source],
        }
        | taken.get((source, _POSITION), {})
        for source, rows in Counter(sources.values()).items()
    }


def _taken(answered: pl.DataFrame) -> dict[tuple[str, str], dict[str, Count]]:
    """What distinct verdicts took, by source and metric."""
    table = answered.group_by("quality_source", "metric").agg(
        (pl.col("path") == "logprob-weighted").mean().alias("weighted_share"),
        pl.len().alias("verdicts"),
        _whole("prompt_tokens"),
        _whole("output_tokens"),
        pl.col("cost_usd").null_count().alias("unpriced"),
        _whole("cost_usd"),
    )
    return {
        (row.pop("quality_source"), row.pop("metric")): row for row in table.iter_rows(named=True)
    }


def _whole(name: str) -> pl.Expr:
    """The sum, or null when a part of it is unknown. Sorted, so that it is the same every time."""
    column = pl.col(name)
    return pl.when(column.null_count() == 0).then(column.sort().sum()).alias(name)
