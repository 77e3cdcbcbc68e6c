"""The frontier and the differences from the baseline arm."""

from typing import Any

import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.reporting.rows import (
    ESTIMATE_SCHEMA,
    METRIC_UNITS,
    PAIRED_METRICS,
    gap,
    in_cells,
    joined_labels,
    measured,
)
from pipeline.statistics import pareto_mask
from pipeline.streams import stream

__all__ = ["differences", "frontier_table"]

AXES = ("quality", "e2e_s", "cost_usd")
ORACLE = "_oracle"
DIFFERENCE_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "baseline": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}


def frontier_table(cells: pl.DataFrame) -> pl.DataFrame:
    """Return one row per arm and rate: quality (0 to 1), e2e_s (s), cost_usd (USD), on_frontier.

    An arm is on the frontier of its rate when no other arm is at least as good in quality, mean
    end-to-end time and cost, and better in one. Oracles (arms named *_oracle) see the labels, so
    they are listed but neither join nor shorten the frontier: their on_frontier is null, as it is
    for an arm that lacks one of the three numbers.
    """
    wide = (
        cells.filter(pl.col("metric").is_in(AXES))
        .group_by("arm", "rate", "label")
        .agg(_value(metric) for metric in AXES)
        .sort("rate", "arm")
        .select("arm", "rate", *AXES, "label")
    )
    parts = [_with_membership(part) for _, part in in_cells(wide, "rate")]
    return pl.concat(parts) if parts else wide.with_columns(on_frontier=pl.lit(None, pl.Boolean))


def _value(metric: str) -> pl.Expr:
    return pl.col("estimate").filter(pl.col("metric") == metric).first().alias(metric)


def _with_membership(part: pl.DataFrame) -> pl.DataFrame:
    counts = ~pl.col("arm").str.ends_with(ORACLE) & pl.all_horizontal(
        pl.col(axis).is_not_null() for axis in AXES
    )
    entrants = part.filter(counts)
    mask = pareto_mask(entrants.select(AXES).to_numpy(), (True, False, False))
    members = entrants.select("arm", pl.Series("on_frontier", mask, pl.Boolean))
    return part.join(members, on="arm", how="left", maintain_order="left").select(
        "arm", "rate", *AXES, "on_frontier", "label"
    )


def differences(
    requests: pl.DataFrame, baseline: str, *, level: float, resamples: int, seed: int
) -> pl.DataFrame:
    """Return every other arm minus the baseline, per rate, in quality, cost_usd and e2e_s.

    Requests are paired by (seed, request_id), never by row order; `missing` counts those without
    a partner or without a value on either side. Quality and cost are resampled by `group_id`,
    latency (s, from the scheduled time) is paired run by run. Rates at which the baseline has no
    rows give no row.

    Raises:
        UnknownNameError: the baseline is not among the arms.
    """
    rows = measured(requests)
    arms = rows["arm"].unique().to_list()
    if baseline not in arms:
        raise UnknownNameError("arm", baseline, arms, "frontier.baseline")
    base = {rate: part for (_, rate), part in in_cells(_of(rows, baseline), "arm", "rate")}
    found = []
    for (arm, rate), part in in_cells(rows.filter(pl.col("arm") != baseline), "arm", "rate"):
        if rate not in base:
            continue
        label = joined_labels(pl.concat([part, base[rate]]))
        for metric in PAIRED_METRICS:
            rng = stream(seed, "reporting", "differences", str(arm), str(rate), metric)
            result = gap(part, base[rate], metric, level=level, resamples=resamples, rng=rng)
            found.append(
                {
                    "arm": arm,
                    "baseline": baseline,
                    "rate": rate,
                    "metric": metric,
                    "unit": METRIC_UNITS[metric],
                    **result.estimate.as_row(),
                    "label": label,
                }
            )
    return pl.DataFrame(found, schema=DIFFERENCE_SCHEMA, orient="row")


def _of(rows: pl.DataFrame, arm: str) -> pl.DataFrame:
    return rows.filter(pl.col("arm") == arm)
