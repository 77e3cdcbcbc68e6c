"""When would somebody have noticed? Alarms on the errors of each run."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.params import AlarmParams
from pipeline.reporting.drift._beliefs import OVER_PROMPTS
from pipeline.reporting.drift._streams import ErrorStream, error_stream
from pipeline.reporting.rows import in_cells, joined_labels
from pipeline.statistics import alarm, martingale
from pipeline.streams import stream

__all__ = ["alarms_table"]

_RUN = ("traffic", "arm", "rate", "seed")
_SCHEMA: dict[str, Any] = {
    "traffic": pl.String,
    "arm": pl.String,
    "rate": pl.Float64,
    "seed": pl.Int64,
    "predictor": pl.String,
    "false_alarm": pl.Float64,
    "promised": pl.Boolean,
    "sounded": pl.Boolean,
    "at_request": pl.Int64,
    "at_s": pl.Float64,
    "change_at": pl.Int64,
    "delay": pl.Int64,
    "peak_log10": pl.Float64,
    "n": pl.Int64,
    "every": pl.Int64,
    "label": pl.String,
}


def alarms_table(
    rows: pl.DataFrame, params: AlarmParams, by_prompt: frozenset[str], *, seed: int
) -> pl.DataFrame:
    """Return one row per run and predictor: whether an alarm sounded, and when.

    The alarm sounds once the capital of a gambler against exchangeable errors reaches 1 /
    false_alarm, see `martingale`, `error_stream` for what is exchangeable. `promised` is whether
    the load test itself makes it so, and with it the rate: errors of quality and length, of an arm
    in `by_prompt`. Other arms send a busy model other prompts, so in traffic that rises and falls
    its errors change though no predictor did.

    `at_request` is the request whose error made it sound and `at_s` when that was known, in s on
    the run's clock: an error counts when its request and all before it have ended. `change_at` is
    the first request after the traffic's change, null where it has none; `delay` = at_request -
    change_at, in requests, null for an alarm that came before the change or never. `peak_log10` is
    the largest capital, `n` the errors it rests on, one of `every` so many requests.

    Args:
        rows: rows of `with_actuals`.
        params: predictors to listen to, and the stated chance of a false alarm.
        by_prompt: arms of `choosing_by_prompt`.
        seed: of the ranks among ties.
    """
    found = []
    for key, run in in_cells(rows, *_RUN):
        changed = run.filter("changed")["request_id"]
        change_at = None if changed.is_empty() else int(changed.to_numpy().min())
        shared = {
            **dict(zip(_RUN, key, strict=True)),
            "change_at": change_at,
            "label": joined_labels(run),
        }
        for predictor in params.predictors:
            rng = stream(seed, "reporting", "alarm", predictor, *map(str, key))
            told = error_stream(run, predictor, rng)
            if told is not None:
                promised = predictor in OVER_PROMPTS and key[1] in by_prompt
                told_row = _row(told, params.false_alarm, change_at)
                found.append({**shared, "predictor": predictor, "promised": promised, **told_row})
    return pl.DataFrame(found, schema=_SCHEMA, orient="row")


def _row(told: ErrorStream, false_alarm: float, change_at: int | None) -> dict[str, Any]:
    path = martingale(told.pvalues)
    index = alarm(path, false_alarm)
    at = None if index is None else int(told.requests[index])
    late = at is not None and change_at is not None and at >= change_at
    return {
        "false_alarm": false_alarm,
        "sounded": index is not None,
        "at_request": at,
        "at_s": None if index is None else float(told.told_at[index]),
        "delay": at - change_at if late and at is not None and change_at is not None else None,
        "peak_log10": max(0.0, float(np.max(path))),
        "n": path.size,
        "every": told.every,
    }
