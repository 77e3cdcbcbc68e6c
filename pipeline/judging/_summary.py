"""Judgements in numbers: counts per source, and how far sources agree."""

from itertools import combinations

import numpy as np
import polars as pl

__all__ = ["agreement", "judge_counts"]

_ROUNDING = 1e-9


def judge_counts(judgements: pl.DataFrame) -> dict[str, dict[str, float | int | None]]:
    """Per "source/metric": rows, scored, failed, true zeros, and the mean of the scored ones."""
    table = (
        judgements.group_by("quality_source", "metric")
        .agg(
            pl.len().alias("rows"),
            pl.col("score").count().alias("scored"),
            pl.col("score").null_count().alias("failed"),
            (pl.col("score") == 0).sum().alias("zeros"),
            pl.col("truncated").sum().alias("truncated"),
            pl.col("score").mean().alias("mean"),
        )
        .sort("quality_source", "metric")
    )
    return {
        f"{row.pop('quality_source')}/{row.pop('metric')}": row
        for row in table.iter_rows(named=True)
    }


def agreement(judgements: pl.DataFrame) -> pl.DataFrame:
    """Pearson and Spearman of every two sources over the pairs that both have scored.

    Columns source_a, source_b, n, pearson, spearman; null below 3 pairs or for a constant source.
    """
    wide = judgements.pivot(
        on="quality_source", index=["prompt_id", "model"], values="score", aggregate_function="mean"
    )
    sources = sorted(set(wide.columns) - {"prompt_id", "model"})
    rows = [_agree(wide, a, b) for a, b in combinations(sources, 2)]
    schema = {
        "source_a": pl.String,
        "source_b": pl.String,
        "n": pl.Int64,
        "pearson": pl.Float64,
        "spearman": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _agree(wide: pl.DataFrame, a: str, b: str) -> tuple[str, str, int, float | None, float | None]:
    from scipy.stats import pearsonr, spearmanr

    both = wide.select(a, b).drop_nulls()
    x, y = both[a].to_numpy(), both[b].to_numpy()
    # Scores that differ by rounding alone are constant; correlating them would be noise.
    if len(x) < 3 or np.ptp(x) <= _ROUNDING or np.ptp(y) <= _ROUNDING:
        return a, b, len(x), None, None
    return a, b, len(x), float(pearsonr(x, y)[0]), float(spearmanr(x, y)[0])
