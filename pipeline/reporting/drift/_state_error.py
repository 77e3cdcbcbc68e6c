"""How wrong the router was about its instances."""

import math
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.drift._slices import slices
from pipeline.statistics import replication_interval

__all__ = ["state_table"]

_QUANTITIES = {"queue": "sequences", "pending_decode": "tokens"}
_NEEDED = (
    *("traffic", "changed", "rate", "seed", "arm", "tier", "label", "telemetry_age_s"),
    *(f"{name}_{end}" for name in _QUANTITIES for end in ("believed", "true")),
)
_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "changed": pl.Boolean,
    "slice": pl.String,
    "name": pl.String,
    "rate": pl.Float64,
    "quantity": pl.String,
    "unit": pl.String,
    "true_mean": pl.Float64,
    "bias": pl.Float64,
    "mae": pl.Float64,
    "mae_low": pl.Float64,
    "mae_high": pl.Float64,
    "level": pl.Float64,
    "p99": pl.Float64,
    "age_s": pl.Float64,
    "n": pl.Int64,
    "missing": pl.Int64,
    "label": pl.String,
}


def state_table(rows: pl.DataFrame, keeping: frozenset[str], *, level: float) -> pl.DataFrame:
    """Return the error of the believed state per traffic and rate, by arm and by tier.

    Believed minus true, of the chosen instance at the moment when the batch was decided: sequences
    there or on their way, and predicted tokens still to come. `mae` is the mean size of the error
    with a t interval over seeds, `p99` the size that one decision in a hundred exceeds, `age_s` the
    mean age of the telemetry; `missing` are requests without a truth to compare with (refused, or
    served on a wall clock). Where a traffic changes in mid-run, before and after are apart.

    Args:
        rows: rows of `measured` of all traffics.
        keeping: the arms that a tier is told of: those with a ledger and the router's telemetry.
        level: of the intervals.
    """
    found = []
    for one in slices(rows.select(_NEEDED), "arm", "tier"):
        told = one.rows if one.slice == "arm" else one.rows.filter(pl.col("arm").is_in(keeping))
        if told.is_empty():
            continue
        for name, unit in _QUANTITIES.items():
            found.append(
                {**one.where, "quantity": name, "unit": unit, **_errors(told, name, level)}
            )
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def _errors(part: pl.DataFrame, name: str, level: float) -> dict[str, Any]:
    believed, true = f"{name}_believed", f"{name}_true"
    known = part.filter(pl.col(believed).is_not_null() & pl.col(true).is_not_null())
    counts = {"n": known.height, "missing": part.height - known.height}
    if known.is_empty():
        return counts
    error = (known[believed] - known[true]).to_numpy()
    seeds = known["seed"].to_numpy()
    told = replication_interval(
        [np.abs(error[seeds == seed]).mean() for seed in np.unique(seeds)], level=level
    ).within(0.0, math.inf)
    ages = known["telemetry_age_s"].drop_nulls().to_numpy()
    return {
        **counts,
        "true_mean": float(known[true].to_numpy().mean()),
        "bias": float(error.mean()),
        "mae": told.estimate,
        "mae_low": told.low,
        "mae_high": told.high,
        "level": level,
        "p99": float(np.quantile(np.abs(error), 0.99)),
        "age_s": float(ages.mean()) if ages.size else None,
    }
