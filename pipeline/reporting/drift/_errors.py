"""How wrong the predictors were under load."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.drift._beliefs import (
    OVER_RUNS,
    PREDICTED,
    Beliefs,
    beliefs,
)
from pipeline.reporting.drift._over_runs import over_runs
from pipeline.reporting.drift._slices import Slice, slices
from pipeline.statistics import Estimate, mape, mean_intervals
from pipeline.streams import stream

__all__ = ["errors_table"]

_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "changed": pl.Boolean,
    "slice": pl.String,
    "name": pl.String,
    "rate": pl.Float64,
    "predictor": pl.String,
    "unit": pl.String,
    "n": pl.Int64,
    "bias": pl.Float64,
    "mae": pl.Float64,
    "mape": pl.Float64,
    "n_mape": pl.Int64,
    "coverage": pl.Float64,
    "coverage_low": pl.Float64,
    "coverage_high": pl.Float64,
    "level": pl.Float64,
    "method": pl.String,
    "n_bounds": pl.Int64,
    "clusters": pl.Int64,
    "missing": pl.Int64,
    "missing_prediction": pl.Int64,
    "missing_actual": pl.Int64,
    "excluded": pl.Int64,
    "label": pl.String,
}


def errors_table(
    rows: pl.DataFrame,
    standing: Mapping[str, frozenset[str]],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """Return the error of each predictor by arm, tier and model (column `slice`).

    Traffics, rates, and what came before and after a change are apart.

    Args:
        rows: rows of `with_actuals`.
        standing: the arms that tier and model rest on, by predictor, see `standing_for`.
        level: coverage of the intervals of `coverage`.
        resamples, seed: bootstrap of the coverage of length.

    `bias` is the mean of predicted - actual and `mae` its mean size, in the predictor's unit;
    `mape` is the mean of |predicted - actual| / actual as a fraction over the `n_mape` rows whose
    actual is above 0; for a quality of 0 or 1 those are the good answers alone.
    `coverage` is the share of `n_bounds` rows whose actual lies within the predicted bounds. Its
    interval resamples `group_id` for length, as prompts repeat; for latencies it is a t interval
    over seeds, as requests of one run share a queue. Quality has none: its bounds are to hold the
    mean of like prompts, never a single answer of 0 or 1.

    Rows of length and e2e whose output tokens were guessed by a model are `excluded`. `missing` =
    excluded + missing_actual + missing_prediction; an arm that predicts nothing therefore has
    n = 0.
    """
    found = [
        row
        for one in slices(rows, "arm", "tier", "model")
        for row in _rows(one, standing, level, resamples, seed)
    ]
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def _rows(
    one: Slice, standing: Mapping[str, frozenset[str]], level: float, resamples: int, seed: int
) -> list[dict[str, Any]]:
    parts = {name: one.of(name, standing) for name in PREDICTED}
    told = {name: beliefs(part, name) for name, part in parts.items()}
    hits = {
        name: over_runs(told[name].inside, parts[name], level).within(0.0, 1.0)
        for name in OVER_RUNS
    }
    rng = stream(seed, "reporting", "errors", *map(str, one.key))
    prompts = parts["length"]["cluster"].to_numpy()
    inside = told["length"].inside[:, None]
    (hits["length"],) = mean_intervals(inside, prompts, level=level, resamples=resamples, rng=rng)
    where = one.where
    return [
        {**where, "predictor": name, "unit": unit, **_points(told[name]), **_coverage(name, hits)}
        for name, unit in PREDICTED.items()
        if parts[name].height
    ]


def _points(told: Beliefs) -> dict[str, float | int | None]:
    both = told.both
    actual, predicted = told.actual[both], told.point[both]
    no_truth = int((np.isnan(told.actual) & ~told.excluded).sum())
    excluded, n = int(told.excluded.sum()), int(both.sum())
    return {
        "n": n,
        **_sizes(actual, predicted),
        "n_bounds": int(told.bounded.sum()),
        "missing": told.actual.size - n,
        "missing_prediction": told.actual.size - n - no_truth - excluded,
        "missing_actual": no_truth,
        "excluded": excluded,
    }


def _sizes(
    actual: NDArray[np.float64], predicted: NDArray[np.float64]
) -> dict[str, float | int | None]:
    if not actual.size:
        return {"bias": None, "mae": None, "mape": None, "n_mape": 0}
    error, above = predicted - actual, actual > 0
    return {
        "bias": float(error.mean()),
        "mae": float(np.abs(error).mean()),
        "mape": mape(actual[above], predicted[above]) if above.any() else None,
        "n_mape": int(above.sum()),
    }


def _coverage(name: str, hits: Mapping[str, Estimate]) -> dict[str, Any]:
    if name not in hits:
        return {"method": "none: its bounds are on a mean, not on one answer"}
    hit = hits[name]
    return {
        "coverage": hit.estimate,
        "coverage_low": hit.low,
        "coverage_high": hit.high,
        "level": hit.level,
        "method": hit.method,
        "clusters": hit.clusters,
    }
