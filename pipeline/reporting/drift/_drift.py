"""The tables of the stage: errors, calibration, alarms, doses, break points and state."""

from itertools import groupby

import polars as pl

from pipeline.errors import UnknownNameError
from pipeline.params import Params
from pipeline.reporting.drift._alarm_rates import alarm_rates_table
from pipeline.reporting.drift._alarms import alarms_table
from pipeline.reporting.drift._beliefs import OVER_RUNS, with_actuals
from pipeline.reporting.drift._break_points import BREAK_SCHEMA, break_row
from pipeline.reporting.drift._calibration import calibration_table
from pipeline.reporting.drift._doses import DOSE_SCHEMA, dose_row, measured_doses
from pipeline.reporting.drift._errors import errors_table
from pipeline.reporting.drift._promised import choosing_by_prompt
from pipeline.reporting.drift._slices import standing_for
from pipeline.reporting.drift._state_error import state_table
from pipeline.reporting.rows import measured
from pipeline.streams import stream

__all__ = ["drift_tables"]


def drift_tables(requests: pl.DataFrame, params: Params) -> dict[str, pl.DataFrame]:
    """Return the tables errors, calibration, alarms, alarm_rates, doses, break_points and state.

    See `errors_table`, `calibration_table`, `alarms_table`, `alarm_rates_table`, `measured_doses`,
    `break_row` and `state_table` for what their columns mean. Without `drift.break_point` the two
    tables of doses are empty.

    Args:
        requests: REQUESTS rows of all traffics; only measured ones count.
        params: of all stages: levels of the predictors, what the arms are, and the section drift.

    Raises:
        UnknownNameError: the rows hold an arm that loadtest.arms does not declare.
        ParamsError, DataError: see `measured_doses`.
    """
    drift, arms = params.drift, params.loadtest.arms
    for arm in requests["arm"].unique().sort():
        if arm not in arms:
            raise UnknownNameError("arm", arm, arms, "the request rows")
    everything, standing = measured(requests, None), standing_for(arms)
    rows = with_actuals(everything)
    keeping = frozenset(name for name, arm in arms.items() if arm.ledger and arm.telemetry is None)
    bootstrap = {"resamples": drift.resamples, "seed": params.base.seed}
    by_prompt = choosing_by_prompt(params.loadtest)
    alarms = alarms_table(rows, drift.alarm, by_prompt, seed=params.base.seed)
    return {
        "errors": errors_table(rows, standing, level=drift.level, **bootstrap),
        "calibration": calibration_table(
            rows, standing, _nominal(params), level=drift.level, **bootstrap
        ),
        "alarms": alarms,
        "alarm_rates": alarm_rates_table(alarms, level=drift.level),
        **_break_point_tables(requests, params),
        "state": state_table(everything, keeping, level=drift.level),
    }


def _nominal(params: Params) -> dict[str, float]:
    """Level of the bounds that are to hold a single outcome, by predictor."""
    return {"length": params.length.level} | dict.fromkeys(OVER_RUNS, params.latency.level)


def _break_point_tables(requests: pl.DataFrame, params: Params) -> dict[str, pl.DataFrame]:
    drift, point = params.drift, params.drift.break_point
    found, broken = [], []
    if point is not None:
        doses = measured_doses(requests, point, params.loadtest, level=drift.level)
        found = [dose_row(one, point) for one in doses]
        for kind, group in groupby(doses, key=lambda one: one.kind):
            rng = stream(params.base.seed, "reporting", "break point", kind)
            row = break_row(list(group), level=drift.level, draws=drift.resamples, rng=rng)
            broken.append(row)
    return {
        "doses": pl.DataFrame(found, schema=DOSE_SCHEMA, orient="row"),
        "break_points": pl.DataFrame(broken, schema=BREAK_SCHEMA, orient="row"),
    }
