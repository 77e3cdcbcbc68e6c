"""Operating points: what each arm reached at each rate."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.rows import (
    ESTIMATE_SCHEMA,
    METRIC_UNITS,
    in_cells,
    joined_labels,
    measured,
    runs_of,
)
from pipeline.statistics import Estimate, mean_interval, replication_interval, tail_reason
from pipeline.streams import stream

__all__ = ["CELL_SCHEMA", "cell_table", "mix_table"]

CELL_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "failed": pl.Int64,
    "label": pl.String,
}

_OVER_PROMPTS = ("quality", "cost_usd")
# metric: (column, quantile or None for the mean)
_OVER_RUNS: dict[str, tuple[str, float | None]] = {
    "e2e_s": ("e2e_s", None),
    "e2e_p95_s": ("e2e_s", 0.95),
    "ttft_s": ("ttft_s", None),
    "ttft_p95_s": ("ttft_s", 0.95),
    "decision_ms": ("decision_ms", None),
}


def cell_table(requests: pl.DataFrame, *, level: float, resamples: int, seed: int) -> pl.DataFrame:
    """Return one row per arm, rate and metric, with its interval.

    Args:
        requests: REQUESTS rows; only measured ones count.
        level: coverage of the intervals.
        resamples: bootstrap draws.
        seed: seed of the bootstrap streams.

    Quality (0 to 1) and cost (USD per request) are resampled by `group_id`. Latencies (s, from the
    scheduled time) and router time (ms) get a t interval over one value per seed, because requests
    of one run share a queue. `missing` counts the values left out, `failed` the failed and
    refused requests.
    A p95 with fewer than 10 requests beyond it in some run is printed without an interval.
    Throughput is completed requests over the time from the first schedule to the last completion
    of a run, so it ends below the offered rate by the time the last requests take.
    """
    rows: list[dict[str, Any]] = []
    for (arm, rate), cell in in_cells(measured(requests), "arm", "rate"):
        shared = {
            "arm": arm,
            "rate": rate,
            "failed": int((cell["status"] != "ok").sum()),
            "label": joined_labels(cell),
        }
        for metric in METRIC_UNITS:
            rng = stream(seed, "reporting", "cells", str(arm), str(rate), metric)
            found = _estimate(cell, metric, level, resamples, rng)
            rows.append(
                {**shared, "metric": metric, "unit": METRIC_UNITS[metric], **found.as_row()}
            )
    return pl.DataFrame(rows, schema=CELL_SCHEMA, orient="row")


def _estimate(
    cell: pl.DataFrame, metric: str, level: float, resamples: int, rng: np.random.Generator
) -> Estimate:
    if metric in _OVER_PROMPTS:
        known = cell.filter(pl.col(metric).is_not_null())
        return mean_interval(
            known[metric].to_numpy().astype(np.float64),
            known["group_id"].to_list(),
            level=level,
            resamples=resamples,
            rng=rng,
            missing=cell.height - known.height,
        )
    if metric == "throughput_rps":
        return _throughput(cell, level)
    column, quantile = _OVER_RUNS[metric]
    return _over_runs(cell, column, quantile, level)


def _over_runs(cell: pl.DataFrame, column: str, quantile: float | None, level: float) -> Estimate:
    runs = runs_of(cell, column)
    sizes = [run.size for run in runs]
    values = [run.mean() if quantile is None else np.quantile(run, quantile) for run in runs]
    found = replace(replication_interval(values, level=level), missing=cell.height - sum(sizes))
    reason = None if quantile is None else tail_reason(sizes, quantile)
    if reason is None:
        return found
    return replace(found, low=None, high=None, method=f"degenerate: {reason}")


def _throughput(cell: pl.DataFrame, level: float) -> Estimate:
    """Completed requests per second of each run; a run that completed nothing has a rate of 0."""
    done = cell.filter(pl.col("e2e_s").is_not_null())
    spans = cell.group_by("seed").agg(
        pl.col("t_scheduled").min().alias("start"),
        pl.col("t_done").filter(pl.col("e2e_s").is_not_null()).max().alias("end"),
        pl.col("e2e_s").count().alias("count"),
    )
    rates = spans.sort("seed").select(
        pl.when(pl.col("count") == 0)
        .then(0.0)
        .otherwise(pl.col("count") / (pl.col("end") - pl.col("start")))
    )
    found = replication_interval(rates.to_series().to_numpy(), level=level)
    return replace(found, missing=cell.height - done.height)


def mix_table(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the share of measured requests that each arm sent to each model at each rate.

    Columns: arm, rate, model, share (0 to 1), n (requests of the model), label. Failed requests
    count, because they were routed too; refused ones, which went nowhere, have the model null.
    Shares of one arm and rate add up to 1.
    """
    size = pl.col("n").sum().over("arm", "rate")
    return (
        measured(requests)
        .group_by("arm", "rate", "model")
        .agg(pl.len().cast(pl.Int64).alias("n"), pl.col("label").unique().sort().str.join(" + "))
        .sort("arm", "rate", "model")
        .select("arm", "rate", "model", (pl.col("n") / size).alias("share"), "n", "label")
    )
