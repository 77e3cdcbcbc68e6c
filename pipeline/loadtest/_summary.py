"""A few lines about a load test, for the shell."""

from collections.abc import Iterator

import polars as pl

__all__ = ["summary"]


def summary(rows: pl.DataFrame) -> Iterator[str]:
    """Yield a header and one line per (arm, rate) of REQUESTS rows: means without intervals.

    Latency is counted from the scheduled time; warm-up requests are left out; failures and missing
    labels are counted.
    """
    e2e = pl.col("t_done") - pl.col("t_scheduled")
    table = (
        rows.filter(pl.col("measured"))
        .group_by("arm", "rate", maintain_order=True)
        .agg(
            pl.len().alias("n"),
            pl.col("quality").mean(),
            pl.col("quality").null_count().alias("unlabelled"),
            e2e.mean().alias("e2e"),
            e2e.quantile(0.95).alias("p95"),
            pl.col("cost_usd").mean().alias("cost"),
            (pl.col("status") == "failed").sum().alias("failed"),
        )
    )
    yield f"{'arm':24} {'rate':>6} {'n':>6} {'quality':>8} {'E2E s':>8} {'p95 s':>8} {'USD/1k':>8}"
    for row in table.iter_rows(named=True):
        quality = "-" if row["quality"] is None else f"{row['quality']:.3f}"
        counts = f"  {row['unlabelled']} unlabelled" if row["unlabelled"] else ""
        counts += f"  {row['failed']} failed" if row["failed"] else ""
        yield (
            f"{row['arm']:24} {row['rate']:6g} {row['n']:6d} {quality:>8} {row['e2e']:8.3f} "
            f"{row['p95']:8.3f} {1000 * row['cost']:8.4f}{counts}"
        )
