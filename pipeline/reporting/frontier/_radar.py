"""The best of each system on each axis, beside the best of all systems."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.frontier._system_means import MOST_IS_BEST, SystemMeans, system_means
from pipeline.reporting.rows import METRIC_UNITS

__all__ = ["RADAR_SCHEMA", "radar_table"]

RADAR_SCHEMA: dict[str, Any] = {
    "rate": pl.Float64,
    "system": pl.String,
    "axis": pl.String,
    "arm": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "share_of_best": pl.Float64,
    "label": pl.String,
}
_AXES = {
    "quality": "quality",
    "mean E2E": "e2e_s",
    "p95 E2E": "e2e_p95_s",
    "TTFT": "ttft_s",
    "cost": "cost_usd",
    "throughput": "throughput_rps",
}


def radar_table(cells: pl.DataFrame, systems: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Return the best value of each system on each axis, and what share of the best of all it is.

    The share is value / best where more is better, best / value where less is: 1 for the best
    system, towards 0 for the worst. Null where the best is 0. Each axis may come from another
    arm; among equals the first declared one is named.

    Args:
        cells: of `cell_rows`; the complete handling counts.
        systems: arms by system.
    """
    by_rate: dict[float, list[SystemMeans]] = {}
    for one in system_means(cells, systems):
        by_rate.setdefault(one.rate, []).append(one)
    rows = [row for here in by_rate.values() for row in _at_rate(here)]
    return pl.DataFrame(rows, schema=RADAR_SCHEMA, orient="row")


def _at_rate(here: Sequence[SystemMeans]) -> list[dict[str, Any]]:
    rows = []
    for axis, metric in _AXES.items():
        arms = {one.system: arm for one in here if (arm := one.best(metric)) is not None}
        values = {
            one.system: one.means[arms[one.system]][metric] for one in here if one.system in arms
        }
        if not values:
            continue
        best = (max if metric in MOST_IS_BEST else min)(values.values())
        rows += [
            {
                "rate": one.rate,
                "system": one.system,
                "axis": axis,
                "arm": arms[one.system],
                "value": values[one.system],
                "unit": METRIC_UNITS[metric],
                "share_of_best": _share(values[one.system], best, metric),
                "label": one.labels[arms[one.system]],
            }
            for one in here
            if one.system in arms
        ]
    return rows


def _share(value: float, best: float, metric: str) -> float | None:
    above, below = (value, best) if metric in MOST_IS_BEST else (best, value)
    return above / below if below > 0.0 else None
