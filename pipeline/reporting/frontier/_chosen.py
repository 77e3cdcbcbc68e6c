"""Knobs chosen on validation, reported on test, beside what choosing on test would have shown."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._choice import GOALS, Tuning, best_arm
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._scores import refused
from pipeline.reporting.rows import ESTIMATE_SCHEMA, METRIC_UNITS, UTILITY_UNIT
from pipeline.statistics import Estimate, latency_interval, replication_interval

__all__ = ["CHOSEN_SCHEMA", "chosen_rows"]

CHOSEN_SCHEMA: dict[str, Any] = {
    "rate": pl.Float64,
    "system": pl.String,
    "goal": pl.String,
    "arm": pl.String,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "test_arm": pl.String,
    "test_estimate": pl.Float64,
    "label": pl.String,
}
_GOALS = [goal for goal in GOALS if goal != "routerarena"]
_UNITS = METRIC_UNITS | {"utility": UTILITY_UNIT}


def chosen_rows(
    joint: JointPoints, tuning: Tuning, frontier: FrontierParams
) -> Iterator[dict[str, Any]]:
    """Yield, per system and goal, the arm chosen on validation and what it reached on test.

    The arm is the one of the best quality, the least mean E2E or cost, or the best mean utility in
    the tuning traffic. `test_arm` and `test_estimate` are what picking on the test split itself
    shows; the step between the two estimates is its optimism. A system that could not choose has
    no arm, and the reason as the method.

    Args:
        joint: all arms of one rate.
        tuning: what the arms did on validation.
        frontier: systems and level.
    """
    found = _estimates(joint, frontier.level)
    for system, arms in frontier.systems.items():
        here = [arm for arm in arms if arm in joint.arms]
        for goal in _GOALS if here else []:
            choice = tuning.choose(arms, goal, joint.rate)
            points = {arm: found[goal][arm].estimate for arm in here}
            picked = best_arm(points, goal)
            told = found[goal].get(choice.arm or "")
            if told is None:
                reason = choice.reason or f"{choice.arm} did not run at this rate"
                told = refused(reason, frontier.level)
            yield {
                "rate": joint.rate,
                "system": system,
                "goal": goal,
                "arm": choice.arm,
                "metric": goal,
                "unit": _UNITS[goal],
                **told.as_row(),
                "test_arm": picked,
                "test_estimate": None if picked is None else points[picked],
                "label": joint.requests.label(tuple(here)),
            }


def _estimates(joint: JointPoints, level: float) -> dict[str, dict[str, Estimate]]:
    """By goal and arm, as in the cells; utility has one value per run."""
    over_prompts = {name: joint.estimates[name] for name in ("quality", "cost_usd")}
    over_runs = {"e2e_s": latency_interval, "utility": replication_interval}
    found = {name: dict(zip(joint.arms, told, strict=True)) for name, told in over_prompts.items()}
    for name, interval in over_runs.items():
        found[name] = {
            arm: interval([run.mean() for run in runs if run.size], level=level)
            for arm, runs in zip(joint.arms, joint.requests.per_run(name), strict=True)
        }
    return found
