"""The placebo arm against what it imitates: the floor of the rig."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import AblationParams, PlaceboParams
from pipeline.reporting.rows import (
    ESTIMATE_SCHEMA,
    GAP_UNITS,
    gap,
    in_cells,
    joined_labels,
    paired_runs,
)
from pipeline.statistics import noise_floor
from pipeline.streams import stream

__all__ = ["PLACEBO_SCHEMA", "floors", "placebo_rows"]

PLACEBO_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "rate": pl.Float64,
    "arm": pl.String,
    "of": pl.String,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "floor": pl.Float64,
    "floor_high": pl.Float64,
    "label": pl.String,
}


def placebo_rows(
    views: Mapping[str, pl.DataFrame], params: AblationParams, *, seed: int
) -> list[dict[str, Any]]:
    """Return one row per traffic and rate that both arms met, and metric; none without a placebo.

    The estimate is placebo - original. The floor is the root mean square over seeds of the
    differences of single runs, in the metric's unit, and floor_high its upper bound at the level
    (see `noise_floor`): an effect of that size may be noise of the rig.

    Args:
        views: rows of `measured` with utility, by traffic.
        params: the two arms, level and resamples.
        seed: of the resampling.

    Raises:
        UnknownNameError: one of the two arms has no measured rows at all.
    """
    placebo = params.placebo
    if placebo is None:
        return []
    known = sorted({arm for rows in views.values() for arm in rows["arm"].unique()})
    for arm in (placebo.arm, placebo.of):
        if arm not in known:
            raise UnknownNameError("arm", arm, known, "ablation.placebo")
    found = []
    for traffic, rows in views.items():
        arms = rows.filter(pl.col("arm").is_in([placebo.arm, placebo.of]))
        for (rate,), cell in in_cells(arms, "rate"):
            one, other = (cell.filter(pl.col("arm") == arm) for arm in (placebo.arm, placebo.of))
            if one.is_empty() or other.is_empty():
                continue
            shared = {"traffic": traffic, "rate": rate, "label": joined_labels(cell)}
            found += [
                shared | _row(one, other, metric, placebo, params, (seed, traffic, str(rate)))
                for metric in GAP_UNITS
            ]
    return found


def _row(
    one: pl.DataFrame,
    other: pl.DataFrame,
    metric: str,
    placebo: PlaceboParams,
    params: AblationParams,
    where: tuple[int, str, str],
) -> dict[str, Any]:
    seed, traffic, rate = where
    rng = stream(seed, "reporting", "placebo", traffic, rate, metric)
    runs = paired_runs(one, other, metric)
    floor = noise_floor(runs.a - runs.b, level=params.level)
    found = gap(one, other, metric, level=params.level, resamples=params.resamples, rng=rng)
    return {
        "arm": placebo.arm,
        "of": placebo.of,
        "metric": metric,
        "unit": GAP_UNITS[metric],
        **found.estimate.as_row(),
        "floor": floor.estimate,
        "floor_high": floor.high,
    }


def floors(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, float, str], float]:
    """The floor by traffic, rate and metric, from the rows of `placebo_rows`."""
    return {
        (row["traffic"], row["rate"], row["metric"]): row["floor"]
        for row in rows
        if row["floor"] is not None
    }
