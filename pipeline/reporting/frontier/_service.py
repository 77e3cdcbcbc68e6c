"""What each operating point gives its users: limits and budgets kept, and choices regretted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._limits import excess_over_budget, limits_text, met_by_run
from pipeline.reporting.frontier._routerarena import routerarena_of
from pipeline.reporting.frontier._scores import SCORE_COLUMNS, Part, Score, described, score
from pipeline.statistics import (
    Estimate,
    attainment,
    gain,
    gap_to_oracle,
    goodput,
    mean_interval,
    pgr,
    replication_interval,
)
from pipeline.streams import stream

__all__ = ["SERVICE_SCHEMA", "service_rows"]

SERVICE_SCHEMA: dict[str, Any] = {"arm": pl.String, "rate": pl.Float64, **SCORE_COLUMNS}
_REGRETS = ("regret", "regret_quality")


def service_rows(
    joint: JointPoints,
    windows: Mapping[tuple[str, float], Mapping[str, Sequence[float | None]]],
    frontier: FrontierParams,
    *,
    utility: str,
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
        utility: name of the weights that regret is counted with.
        seed: of the streams of random numbers.
    """
    limited = f"Limits, where a request has none of its own: {limits_text(frontier.limits)}."
    more = {
        "goodput": limited,
        "attainment": limited,
        "regret": f"Utility by the weights {utility}, of quality and cost: labels know no time.",
    }
    rows = []
    for place, arm in enumerate(joint.arms):
        found = (
            _kept(joint, arm, windows[arm, joint.rate]["window_s"], frontier)
            | _budgets(joint, arm, frontier, seed)
            | {name: joint.estimates[name][place] for name in _REGRETS}
            | _scores(joint, place, frontier.level)
        )
        shared = {"arm": arm, "rate": joint.rate, "label": joint.requests.labels[arm]}
        rows += [
            shared | described(metric, more=more.get(metric, "")) | estimate.as_row()
            for metric, estimate in found.items()
        ]
    return rows


def _kept(
    joint: JointPoints, arm: str, spans: Sequence[float | None], frontier: FrontierParams
) -> dict[str, Estimate]:
    """Goodput (requests/s) and attainment, one value per run; a run of no time has no goodput."""
    level = frontier.level
    runs = met_by_run(joint.requests.frames[arm], frontier.limits)
    pairs = [(run, span) for run, span in zip(runs, spans, strict=True) if span]
    shares = [share for run in runs if (share := attainment(run)) is not None]
    return {
        "goodput": replication_interval([goodput(*p) for p in pairs], level=level).within(
            0.0, math.inf
        ),
        "attainment": replication_interval(shares, level=level).within(0.0, 1.0),
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


def _scores(joint: JointPoints, place: int, level: float) -> dict[str, Estimate]:
    """What the arm is beside the single models, choosing at random, and the oracle."""
    strong, weak = joint.strong, joint.weak
    quality: Part = ("quality", [place])
    models: Part = ("model_quality", None)
    told: dict[str, tuple[Score, Part]] = {
        "pgr": (lambda q, m: pgr(q[0], weak=m[weak], strong=m[strong]), models),
        "gain_random": (lambda q, m: gain(q[0], m.mean()), models),
        "gain_best": (lambda q, m: gain(q[0], m[strong]), models),
        "gap_oracle": (lambda q, o: gap_to_oracle(q[0], o[0]), ("oracle_quality", None)),
        "routerarena": (routerarena_of, ("cost_usd", [place])),
    }
    own = joint.estimates["quality"][place]
    return {
        name: replace(
            score(joint, function, [quality, other], level), n=own.n, clusters=own.clusters
        )
        for name, (function, other) in told.items()
    }
