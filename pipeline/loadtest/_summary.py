"""A few lines about a load test, for the shell."""

import math
from collections.abc import Iterator

import polars as pl

__all__ = ["summary"]


def summary(rows: pl.DataFrame) -> Iterator[str]:
    """Yield a header and one line per (traffic, arm, rate) of REQUESTS rows: means, no intervals.

    Latency is counted from the scheduled time; warm-up requests are left out; failures, refusals
    and missing labels are counted.
    """
    e2e = pl.col("t_done") - pl.col("t_scheduled")
    table = (
        rows.filter(pl.col("measured"))
        .group_by("traffic", "arm", "rate", maintain_order=True)
        .agg(
            pl.len().alias("n"),
            pl.col("quality").mean(),
            pl.col("quality").null_count().alias("unlabelled"),
            e2e.mean().alias("e2e"),
            e2e.quantile(0.95).alias("p95"),
            pl.col("cost_usd").mean().alias("cost"),
            pl.col("cost_usd").null_count().alias("uncosted"),
            (pl.col("status") == "failed").sum().alias("failed"),
            (pl.col("status") == "refused").sum().alias("refused"),
        )
    )
    yield (
        f"{'traffic':14} {'arm':24} {'rate':>6} {'n':>6} {'quality':>8} {'E2E s':>8} {'p95 s':>8} "
        f"{'USD/1k':>8}"
    )
    for row in table.iter_rows(named=True):
        quality = "-" if row["quality"] is None else f"{row['quality']:.3f}"
        counts = f"  {row['unlabelled']} unlabelled" if row["unlabelled"] else ""
        counts += f"  {row['uncosted']} of unknown cost" if row["uncosted"] else ""
        counts += f"  {row['failed']} failed" if row["failed"] else ""
        counts += f"  {row['refused']} refused" if row["refused"] else ""
        # Where everything failed or was refused there is no mean.
        mean, p95, cost = (
            math.nan if row[name] is None else row[name] for name in ("e2e", "p95", "cost")
        )
        yield (
            f"{row['traffic']:14} {row['arm']:24} {row['rate']:6g} {row['n']:6d} {quality:>8} "
            f"{mean:8.3f} {p95:8.3f} {1000 * cost:8.4f}{counts}"
        )
