"""What each operating point gives its users: limits and budgets kept, and choices regretted."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._limits import excess_over_budget, limits_text, met_by_run
from pipeline.reporting.frontier._scores import arm_scores
from pipeline.reporting.rows import ESTIMATE_SCHEMA
from pipeline.statistics import (
    FIELD_METRICS,
    Estimate,
    attainment,
    goodput,
    mean_interval,
    replication_interval,
)
from pipeline.streams import stream

__all__ = ["SERVICE_SCHEMA", "service_rows"]

SERVICE_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "rate": pl.Float64,
    "metric": pl.String,
    "unit": pl.String,
    "better": pl.String,
    "definition": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}
_REGRETS = ("regret", "regret_quality")


def service_rows(
    joint: JointPoints,
    windows: Mapping[tuple[str, float], Mapping[str, Sequence[float | None]]],
    frontier: FrontierParams,
    *,
    seed: int,
) -> list[dict[str, Any]]:
    """Return one row per arm and metric, each with the sentence that defines it.

    Goodput and attainment count every request, failed and refused ones too, and get a t interval
    over runs. A request is held to what it asked for itself (TTFT, TPOT) and, where it asked for
    nothing, to frontier.limits. Budgets, regrets and scores vary over prompts and get the interval
    of their clusters. An arm none of whose requests has a budget has no rows about budgets.

    Args:
        joint: all arms of one rate.
        windows: of `run_throughputs`, with the seconds of the measured window of each run.
        frontier: limits, level and resamples.
        seed: of the streams of random numbers.
    """
    limited = f" Limits, where a request has none of its own: {limits_text(frontier.limits)}."
    more = {
        "goodput": limited,
        "attainment": limited,
        "regret": " Labels know no time: utility is of quality and cost here.",
    }
    rows = []
    for place, arm in enumerate(joint.arms):
        found = (
            _kept(joint, arm, windows[arm, joint.rate]["window_s"], frontier)
            | _budgets(joint, arm, frontier, seed)
            | {name: joint.estimates[name][place] for name in _REGRETS}
            | arm_scores(joint, place, frontier.level)
        )
        shared = {"arm": arm, "rate": joint.rate, "label": joint.requests.labels[arm]}
        for metric, estimate in found.items():
            info = FIELD_METRICS[metric]
            definition = info.definition + more.get(metric, "")
            told = {"metric": metric, "unit": info.unit, "better": info.better}
            rows.append(shared | told | {"definition": definition} | estimate.as_row())
    return rows


def _kept(
    joint: JointPoints, arm: str, spans: Sequence[float | None], frontier: FrontierParams
) -> dict[str, Estimate]:
    """Goodput (requests/s) and attainment, one value per run; a run of no time has no goodput."""
    runs = met_by_run(joint.requests.frames[arm], frontier.limits)
    pairs = [(run, span) for run, span in zip(runs, spans, strict=True) if span]
    per_run = {
        "goodput": [goodput(*pair) for pair in pairs],
        "attainment": [share for run in runs if (share := attainment(run)) is not None],
    }
    return {
        name: replication_interval(values, level=frontier.level) for name, values in per_run.items()
    }


def _budgets(
    joint: JointPoints, arm: str, frontier: FrontierParams, seed: int
) -> dict[str, Estimate]:
    """Compliance of the requests with a budget, and overshoot of those that cost more."""
    group_ids, excess = excess_over_budget(joint.requests.frames[arm])
    if not excess.size:
        return {}
    above = excess > 0.0
    parts = {
        "budget_compliance": ((~above).astype(np.float64), group_ids),
        "budget_overshoot": (excess[above], group_ids[above]),
    }
    return {
        name: mean_interval(
            values,
            clusters,
            level=frontier.level,
            resamples=frontier.resamples,
            rng=stream(seed, "reporting", "frontier", name, arm, joint.rate),
        )
        for name, (values, clusters) in parts.items()
    }
