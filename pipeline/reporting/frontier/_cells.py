"""Operating points: what each arm reached at each rate."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._throughput import TRIMMED, WHOLE
from pipeline.reporting.rows import ESTIMATE_SCHEMA, METRIC_UNITS
from pipeline.statistics import Estimate, latency_interval, replication_interval, tail_reason

__all__ = ["CELL_SCHEMA", "COMPLETE", "INCLUDED", "cell_rows", "rates_interval"]

CELL_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    "handling": pl.String,
    **ESTIMATE_SCHEMA,
    "failed": pl.Int64,
    "label": pl.String,
}
COMPLETE, INCLUDED = "complete", "failures_included"
_UNITS = METRIC_UNITS | {"tpot_s": "s per token", WHOLE: METRIC_UNITS[TRIMMED]}
# (metric, handling): column whose values vary over prompts
_OVER_PROMPTS = {
    ("quality", COMPLETE): "quality",
    ("quality", INCLUDED): "quality_all",
    ("cost_usd", COMPLETE): "cost_usd",
    ("cost_usd", INCLUDED): "cost_all",
}
# (metric, handling): (column, quantile or None for the mean)
_OVER_RUNS: dict[tuple[str, str], tuple[str, float | None]] = {
    ("e2e_s", COMPLETE): ("e2e_s", None),
    ("e2e_s", INCLUDED): ("e2e_all", None),
    ("e2e_p95_s", COMPLETE): ("e2e_s", 0.95),
    ("e2e_p95_s", INCLUDED): ("e2e_all", 0.95),
    ("ttft_s", COMPLETE): ("ttft_s", None),
    ("ttft_p95_s", COMPLETE): ("ttft_s", 0.95),
    ("tpot_s", COMPLETE): ("tpot_s", None),
    ("decision_ms", COMPLETE): ("decision_ms", None),
}


def cell_rows(
    joint: JointPoints,
    throughputs: Mapping[tuple[str, float], Mapping[str, Sequence[float | None]]],
    *,
    level: float,
) -> list[dict[str, Any]]:
    """Return one row per arm, metric and handling of failures, with its interval.

    complete: over the requests that were answered; `missing` counts the others, `failed` those
    that failed or were refused. failures_included: over all requests, so that an arm that fails
    the hard ones gains nothing by it: such a request has quality 0, the cost that was spent on it,
    and the declared E2E frontier.bounds.e2e_s.worst. Only metrics with such a value have it.

    Quality (0 to 1) and cost (USD per request) are resampled by `group_id`. Latencies (s, from the
    scheduled time), TPOT (s per token) and router time (ms) get a t interval over one value per
    seed, because requests of one run share a queue; latencies on the scale of 1 / x (see
    `latency_interval`). A p95 with fewer than 10 requests beyond it in some run is printed without
    an interval. For throughput_rps and throughput_full_rps see `run_throughputs`.

    Args:
        joint: all arms of one rate.
        throughputs: of `run_throughputs`.
        level: coverage of the intervals.
    """
    over_runs = {name: joint.requests.per_run(name) for name, _ in set(_OVER_RUNS.values())}
    rows = []
    for place, (arm, frame) in enumerate(joint.requests.frames.items()):
        failed = int((frame["status"] != "ok").sum())
        shared = {"arm": arm, "rate": joint.rate, "failed": failed}
        shared["label"] = joint.requests.labels[arm]
        found = {key: joint.estimates[name][place] for key, name in _OVER_PROMPTS.items()}
        found = {key: replace(one, missing=frame.height - one.n) for key, one in found.items()}
        for key, (name, quantile) in _OVER_RUNS.items():
            found[key] = _over_runs(over_runs[name][place], quantile, frame.height, level)
        for metric in (TRIMMED, WHOLE):
            told = rates_interval(throughputs[arm, joint.rate][metric], level)
            found[metric, COMPLETE] = replace(told, missing=failed)
        rows += [
            shared | {"metric": metric, "unit": _UNITS[metric], "handling": handling} | one.as_row()
            for (metric, handling), one in found.items()
        ]
    return rows


def _over_runs(
    runs: Sequence[Floats], quantile: float | None, requests: int, level: float
) -> Estimate:
    known = [run for run in runs if run.size]
    values = [run.mean() if quantile is None else np.quantile(run, quantile) for run in known]
    positive = bool(values) and min(values) > 0.0
    interval = latency_interval if positive else replication_interval
    missing = requests - sum(run.size for run in known)
    found = replace(interval(values, level=level), missing=missing)
    reason = None if quantile is None else tail_reason([run.size for run in known], quantile)
    if reason is None:
        return found
    return replace(found, low=None, high=None, method=f"degenerate: {reason}")


def rates_interval(per_run: Sequence[float | None], level: float) -> Estimate:
    """Mean over runs of requests/s; runs without a measured time have none and are left out."""
    return replication_interval([one for one in per_run if one is not None], level=level)
