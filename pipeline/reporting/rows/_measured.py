"""The one view of request rows that every table starts from."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import STEADY

__all__ = ["METRIC_UNITS", "in_cells", "joined_labels", "measured", "runs_of", "tpot"]

METRIC_UNITS = {
    "quality": "0 to 1",
    "cost_usd": "USD per request",
    "e2e_s": "s",
    "e2e_p95_s": "s",
    "ttft_s": "s",
    "ttft_p95_s": "s",
    "decision_ms": "ms",
    "throughput_rps": "requests/s",
}


def measured(requests: pl.DataFrame, traffic: str | None = STEADY) -> pl.DataFrame:
    """Return the rows after the warm-up, sorted by their key, with e2e_s and ttft_s added.

    Both latencies count from the scheduled time, in seconds, so that a late send is not hidden.
    A failed or refused request gave nothing: its quality, cost and latencies are null, to be
    counted.

    Args:
        requests: REQUESTS rows.
        traffic: the one shape of traffic to keep; None keeps all.
    """
    ok = pl.col("status") == "ok"
    kept = pl.lit(True) if traffic is None else pl.col("traffic") == traffic
    return (
        requests.filter(pl.col("measured") & kept)
        .sort("traffic", "arm", "rate", "seed", "request_id")
        .with_columns(
            pl.when(ok).then(pl.col("t_done") - pl.col("t_scheduled")).alias("e2e_s"),
            pl.when(ok).then(pl.col("t_first_token") - pl.col("t_scheduled")).alias("ttft_s"),
            pl.when(ok).then(pl.col("quality")).alias("quality"),
            pl.when(ok).then(pl.col("cost_usd")).alias("cost_usd"),
        )
    )


def tpot() -> pl.Expr:
    """Seconds per output token after the first; null for one token, or where it was not served."""
    after_first = pl.col("output_tokens") - 1
    return pl.when((pl.col("status") == "ok") & (after_first > 0)).then(
        (pl.col("t_done") - pl.col("t_first_token")) / after_first
    )


def in_cells(rows: pl.DataFrame, *keys: str) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    """Split rows by the keys, in sorted order of the keys."""
    parts = rows.sort(keys, maintain_order=True).partition_by(
        keys, as_dict=True, maintain_order=True
    )
    return list(parts.items())


def runs_of(rows: pl.DataFrame, column: str) -> list[NDArray[np.float64]]:
    """Return the values of each seed, in the order of the seeds and of the rows; nulls left out.

    Averages are taken of these and not by `group_by`, whose float sums vary in their last digits
    with the number of threads: equal rows are to give equal bytes.
    """
    known = rows.filter(pl.col(column).is_not_null())
    return [part[column].cast(pl.Float64).to_numpy() for _, part in in_cells(known, "seed")]


def joined_labels(rows: pl.DataFrame) -> str:
    """Where the rows come from, for example "simulated"; several origins joined by " + "."""
    return " + ".join(rows["label"].unique().sort().to_list())
