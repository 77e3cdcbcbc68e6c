"""What is left of the fused decision's lead, dose by dose of error."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError, ParamsError
from pipeline.params import BreakPointParams, LoadtestParams
from pipeline.reporting.rows import (
    ESTIMATE_SCHEMA,
    joined_labels,
    measured,
    paired_runs,
    runs_of,
    with_utility,
)
from pipeline.statistics import Estimate, paired_replication_interval

__all__ = ["DOSE_SCHEMA", "DOSE_UNITS", "Dose", "dose_row", "measured_doses"]

DOSE_UNITS = {
    "quality": "s.d. added to the quality",
    "length": "sigma of a lognormal factor",
    "latency": "sigma of a lognormal factor",
    "age": "s",
}
DOSE_SCHEMA: dict[str, Any] = {
    "kind": pl.String,
    "unit": pl.String,
    "dose": pl.Float64,
    "arm": pl.String,
    "baseline": pl.String,
    "rate": pl.Float64,
    "traffic": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}


@dataclass(frozen=True)
class Dose:
    """One arm with so much of one error, against the best decoupled baseline.

    Attributes:
        differences: (r,) utility of the arm minus that of the baseline, run by run.
        seeds: (r,) of these runs.
        estimate: their mean with its paired t interval.
    """

    kind: str
    dose: float
    arm: str
    baseline: str
    differences: NDArray[np.float64]
    seeds: tuple[int, ...]
    estimate: Estimate
    label: str


def measured_doses(
    requests: pl.DataFrame, point: BreakPointParams, loadtest: LoadtestParams, *, level: float
) -> list[Dose]:
    """Return every dose of every kind in rising order, the unspoiled arm first.

    Utility is that of the weights which the fused arm itself follows, over the requests that both
    arms served. The baseline is the one of the highest mean utility in these very runs: chosen on
    the data that judge it, it looks a little better than it is, which is against the fused arm.

    Args:
        requests: REQUESTS rows; only measured ones count.
        point: traffic, rate, arms.
        loadtest: what the arms are, weights and scales.
        level: of the intervals.

    Raises:
        ParamsError: an arm of `doses` has none of what its kind names, or `fused` no weights.
        DataError: an arm has no measured rows in that traffic at that rate.
    """
    weights = loadtest.arms[point.fused].weights
    if weights is None:
        raise ParamsError(
            f"drift.break_point: fused arm {point.fused!r} has no weights to tell utility by"
        )
    at = measured(requests, point.traffic).filter(pl.col("rate") == point.rate)
    view = with_utility(at, loadtest.weights[weights], loadtest.scales)
    baseline = _best(view, point)
    found = []
    for kind, arms in point.doses.items():
        doses = [(_dose(loadtest, kind, point.fused, spoiled=False), point.fused)]
        doses += [(_dose(loadtest, kind, arm, spoiled=True), arm) for arm in arms]
        found += [
            _measured(view, point, kind, dose, arm, baseline, level) for dose, arm in sorted(doses)
        ]
    return found


def dose_row(one: Dose, point: BreakPointParams) -> dict[str, Any]:
    """A line of the table of doses."""
    return {
        "kind": one.kind,
        "unit": DOSE_UNITS[one.kind],
        "dose": one.dose,
        "arm": one.arm,
        "baseline": one.baseline,
        "rate": point.rate,
        "traffic": point.traffic,
        **one.estimate.as_row(),
        "label": one.label,
    }


def _dose(loadtest: LoadtestParams, kind: str, arm: str, *, spoiled: bool) -> float:
    """Size of one error of an arm, in the unit of its kind; of the state, its mean age."""
    params = loadtest.arms[arm]
    if kind == "age":
        told = params.telemetry
        if told is None and spoiled:
            raise ParamsError(
                f"drift.break_point.doses.age: arm {arm!r} has no telemetry of its own"
            )
        told = told or loadtest.router.telemetry
        return told.delay_s + told.period_s / 2.0
    error = 0.0 if params.error is None else float(getattr(params.error, kind))
    if spoiled and error == 0.0:
        raise ParamsError(f"drift.break_point.doses.{kind}: arm {arm!r} has no error of {kind}")
    return error


def _best(view: pl.DataFrame, point: BreakPointParams) -> str:
    means: Mapping[str, float] = {
        arm: float(np.mean([run.mean() for run in runs_of(_rows(view, arm, point), "utility")]))
        for arm in point.baselines
    }
    return max(means, key=lambda arm: means[arm])


def _rows(view: pl.DataFrame, arm: str, point: BreakPointParams) -> pl.DataFrame:
    rows = view.filter(pl.col("arm") == arm)
    if rows["utility"].drop_nulls().is_empty():
        raise DataError(
            f"arm {arm!r} of drift.break_point has no measured request with a utility in traffic "
            f"{point.traffic!r} at {point.rate:g} requests/s"
        )
    return rows


def _measured(
    view: pl.DataFrame,
    point: BreakPointParams,
    kind: str,
    dose: float,
    arm: str,
    baseline: str,
    level: float,
) -> Dose:
    one, other = _rows(view, arm, point), _rows(view, baseline, point)
    pairs = paired_runs(one, other, "utility")
    found = replace(
        paired_replication_interval(pairs.a, pairs.b, level=level), missing=pairs.missing
    )
    label = joined_labels(pl.concat([one, other]))
    return Dose(kind, dose, arm, baseline, pairs.a - pairs.b, _shared(one, other), found, label)


def _shared(one: pl.DataFrame, other: pl.DataFrame) -> tuple[int, ...]:
    """Seeds of the runs in which both served a request that the other served as well."""
    served = (side.drop_nulls("utility").select("seed", "request_id") for side in (one, other))
    both = next(served).join(next(served), on=["seed", "request_id"])
    return tuple(both["seed"].unique().sort().to_list())
