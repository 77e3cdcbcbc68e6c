"""Do predicted chances and bounds hold under load?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.drift._beliefs import OVER_RUNS, PREDICTED, Beliefs, beliefs
from pipeline.reporting.drift._over_runs import over_runs
from pipeline.reporting.drift._slices import Slice, slices
from pipeline.reporting.rows import ESTIMATE_SCHEMA
from pipeline.statistics import Estimate, ece_interval, mean_intervals
from pipeline.streams import stream

__all__ = ["calibration_table"]

_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "changed": pl.Boolean,
    "slice": pl.String,
    "name": pl.String,
    "rate": pl.Float64,
    "predictor": pl.String,
    "measure": pl.String,
    "unit": pl.String,
    "target": pl.Float64,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}
_SHARE = "0 to 1"

Told = tuple[str, str, Estimate]  # predictor, measure, estimate


def calibration_table(
    rows: pl.DataFrame,
    standing: Mapping[str, frozenset[str]],
    nominal: Mapping[str, float],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """Return how well each predictor is calibrated, by tier and by model.

    Of length and times: `coverage`, the share of truths inside the bounds (its `target` is the
    nominal level); and `pinball`, the mean pinball loss of the two bounds as quantiles of the
    tails, which is small for narrow bounds that hold (Gneiting and Raftery 2007). Of quality:
    `brier`, and `ece` in ten bins of equal mass with what noise adds to it taken off (see
    `ece_interval`); its bounds are on a mean and cannot be held against single answers. Of all:
    `width`, the mean distance of the bounds.

    Intervals resample prompts for quality and length, jointly, and are t intervals over seeds for
    times. What no row carries has no line.

    Args:
        rows: rows of `with_actuals`.
        standing: the arms that count, by predictor, see `standing_for`.
        nominal: level of the bounds of length and times, 0..1, by predictor.
        level: of the intervals.
        resamples, seed: of the bootstrap.
    """
    found = []
    for one in slices(rows, "tier", "model"):
        rng = stream(seed, "reporting", "calibration", *map(str, one.key))
        told = [
            *_over_prompts(one, standing, nominal, level, resamples, rng),
            *_over_runs(one, standing, nominal, level),
        ]
        found += [one.where | _row(*parts, nominal) for parts in told if parts[2].n]
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def _row(
    predictor: str, measure: str, found: Estimate, nominal: Mapping[str, float]
) -> dict[str, Any]:
    own_unit = measure in ("width", "pinball")
    return {
        "predictor": predictor,
        "measure": measure,
        "unit": PREDICTED[predictor] if own_unit else _SHARE,
        "target": nominal[predictor] if measure == "coverage" else None,
        **found.as_row(),
    }


def _over_prompts(
    one: Slice,
    standing: Mapping[str, frozenset[str]],
    nominal: Mapping[str, float],
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Iterator[Told]:
    part = one.of("quality", standing)
    clusters = part["cluster"].to_numpy()
    quality = beliefs(part, "quality")
    columns = {
        ("quality", "brier"): (quality.point - quality.actual) ** 2,
        ("quality", "width"): _width(quality),
    }
    of_length = _bounds(beliefs(part, "length"), nominal["length"])
    columns |= {("length", measure): column for measure, column in of_length}
    table = np.column_stack(list(columns.values()))
    means = mean_intervals(table, clusters, level=level, resamples=resamples, rng=rng)
    yield from ((*key, found) for key, found in zip(columns, means, strict=True))
    both = quality.both
    if both.any():
        columns_of_ece = quality.point[both], quality.actual[both], clusters[both]
        found = ece_interval(*columns_of_ece, level=level, resamples=resamples, rng=rng)
        yield "quality", "ece", replace(found, missing=int((~both).sum()))


def _over_runs(
    one: Slice,
    standing: Mapping[str, frozenset[str]],
    nominal: Mapping[str, float],
    level: float,
) -> Iterator[Told]:
    for name in OVER_RUNS:
        part = one.of(name, standing)
        for measure, column in _bounds(beliefs(part, name), nominal[name]):
            missing = int(np.isnan(column).sum())
            found = replace(over_runs(column, part, level), missing=missing)
            # A share ends at 1; widths and losses only at 0.
            yield name, measure, found.within(0.0, 1.0 if measure == "coverage" else math.inf)


def _bounds(told: Beliefs, nominal: float) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The measures of the bounds row by row, (n,); NaN where there are none."""
    below, above = told.actual - told.low, told.actual - told.high
    tail = (1.0 - nominal) / 2.0
    low_loss = np.maximum(tail * below, (tail - 1.0) * below)
    high_loss = np.maximum((1.0 - tail) * above, -tail * above)
    columns = {"coverage": told.inside, "pinball": (low_loss + high_loss) / 2.0}
    for name, column in columns.items():
        yield name, np.where(told.bounded, column, np.nan)
    yield "width", _width(told)


def _width(told: Beliefs) -> NDArray[np.float64]:
    return np.where(told.bounded, told.high - told.low, np.nan)
