"""Completed requests per second of each run, with and without its two ends."""

from typing import Any

import polars as pl

from pipeline.reporting.frontier._rows import NEEDED

__all__ = ["TRIMMED", "WHOLE", "run_throughputs"]

TRIMMED, WHOLE = "throughput_rps", "throughput_full_rps"
_OK = pl.col("status") == "ok"


def run_throughputs(
    requests: pl.DataFrame, traffic: str, split: str
) -> dict[tuple[str, float], dict[str, list[float | None]]]:
    """Return requests/s by (arm, rate) and metric, one value per seed in the order of the seeds.

    throughput_rps: requests of the run, those of the warm-up too, that were served between the
    end of the warm-up (when the first measured request was scheduled) and the last scheduled
    arrival, over that time. What is still under way at its start stands for what is still under
    way at its end, so a fleet that keeps up has the offered rate. None where that time is 0.
    throughput_full_rps: measured requests that were served, over the time from the first schedule
    to the last completion; below the offered rate by the time that the last requests take. 0 where
    nothing was served. `window_s` is the time of the former, s.

    Args:
        requests: REQUESTS rows with the warm-up.
        traffic, split: which of them.
    """
    measured, done = pl.col("measured"), pl.col("t_done")
    scheduled = pl.col("t_scheduled").filter(measured)
    start, end = scheduled.min(), scheduled.max()
    served = done.filter(_OK & measured)
    spans = (
        requests.select(NEEDED)
        .filter((pl.col("traffic") == traffic) & (pl.col("split") == split))
        .group_by("arm", "rate", "seed")
        .agg(
            (end - start).alias("window_s"),
            (_OK & (done >= start) & (done <= end)).sum().alias("within"),
            served.count().alias("served"),
            (served.max() - start).alias("whole_s"),
        )
        .filter(pl.col("window_s").is_not_null())
        .sort("arm", "rate", "seed")
        .with_columns(
            pl.when(pl.col("window_s") > 0)
            .then(pl.col("within") / pl.col("window_s"))
            .alias(TRIMMED),
            pl.when(pl.col("served") == 0)
            .then(0.0)
            .otherwise(pl.col("served") / pl.col("whole_s"))
            .alias(WHOLE),
        )
    )
    found: dict[tuple[str, float], dict[str, list[Any]]] = {}
    for row in spans.iter_rows(named=True):
        cell = found.setdefault((row["arm"], row["rate"]), {})
        for name in (TRIMMED, WHOLE, "window_s"):
            cell.setdefault(name, []).append(row[name])
    return found
