"""The operating points at which each system is best in one thing."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.frontier._system_means import SystemMeans, system_means
from pipeline.statistics import mixture_hull

__all__ = ["EXTREME_SCHEMA", "extreme_table"]

EXTREME_SCHEMA: dict[str, Any] = {
    "rate": pl.Float64,
    "system": pl.String,
    "extreme": pl.String,
    "arm": pl.String,
    "quality": pl.Float64,
    "e2e_s": pl.Float64,
    "cost_usd": pl.Float64,
    "throughput_rps": pl.Float64,
    "points": pl.Int64,
    "hull_points": pl.Int64,
    "label": pl.String,
}
_EXTREMES = {
    "peak quality": "quality",
    "lowest E2E": "e2e_s",
    "lowest cost": "cost_usd",
    "highest throughput": "throughput_rps",
}
_SHOWN = tuple(_EXTREMES.values())


def extreme_table(cells: pl.DataFrame, systems: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Return the best arm of each system in quality, mean E2E, cost and throughput, at each rate.

    All four numbers of the arm stand beside: quality (0 to 1), e2e_s (s), cost_usd (USD per
    request), throughput_rps (requests/s). `points` counts the operating points of the system,
    `hull_points` those at the corners of their hull of cost and quality. The arms are picked on
    the rows that report them, so the best of many is flattered; chosen.csv is not.

    Args:
        cells: of `cell_rows`; the complete handling counts.
        systems: arms by system; among equals the first declared one is taken.
    """
    rows = [
        {**_extreme(one, metric), "extreme": extreme, **_counts(one)}
        for one in system_means(cells, systems)
        for extreme, metric in _EXTREMES.items()
        if one.best(metric) is not None
    ]
    return pl.DataFrame(rows, schema=EXTREME_SCHEMA, orient="row")


def _extreme(one: SystemMeans, metric: str) -> dict[str, Any]:
    arm = one.best(metric)
    assert arm is not None
    values = {name: one.means[arm].get(name) for name in _SHOWN}
    return {"rate": one.rate, "system": one.system, "arm": arm, **values, "label": one.labels[arm]}


def _counts(one: SystemMeans) -> dict[str, int]:
    pairs = [
        (values["cost_usd"], values["quality"])
        for values in one.means.values()
        if "cost_usd" in values and "quality" in values
    ]
    corners = set(zip(*mixture_hull(*zip(*pairs, strict=True)), strict=True)) if pairs else set()
    return {"points": len(one.means), "hull_points": sum(pair in corners for pair in pairs)}
