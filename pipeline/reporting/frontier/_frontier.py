"""The frontier: who is on it, and how surely."""

from collections.abc import Collection
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.frontier._draws import AXES, BEST_IS_MOST, JointPoints
from pipeline.statistics import membership, pareto_mask

__all__ = ["FRONTIER_SCHEMA", "frontier_rows_of"]

# column: axes of the plane, numbers of AXES
_PLANES = {
    "membership": (0, 1, 2),
    "membership_latency": (0, 1),
    "membership_cost": (0, 2),
    "membership_e2e_cost": (1, 2),
}
FRONTIER_SCHEMA: dict[str, Any] = {
    "arm": pl.String,
    "rate": pl.Float64,
    **dict.fromkeys(AXES, pl.Float64),
    "on_frontier": pl.Boolean,
    **dict.fromkeys(_PLANES, pl.Float64),
    "label": pl.String,
}


def frontier_rows_of(joint: JointPoints, outside: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return one row per arm: quality (0 to 1), e2e_s (s), cost_usd (USD), on_frontier.

    An arm is on the frontier of its rate when no other arm is at least as good in quality, mean
    end-to-end time and cost, and better in one. Membership is the share of the joint draws in
    which it is, 0 to 1: with all three axes, and in the planes quality-E2E, quality-cost and
    E2E-cost. Oracles (arms named *_oracle) see the labels, so they are listed but neither join nor
    shorten the frontier: their on_frontier is null, as it is for an arm that lacks one of the
    three numbers and for the arms `outside`, such as a placebo. Membership is null for an arm whose
    E2E cannot be drawn, as with one run; it keeps nobody out of a plane there.
    """
    points, draws = joint.axes()
    entrants = [i for i in joint.entrants() if joint.arms[i] not in outside]
    drawn = [i for i in entrants if not np.isnan(draws[:, i]).any()]
    on = dict(zip(entrants, pareto_mask(points[entrants], BEST_IS_MOST), strict=True))
    shares: dict[str, dict[int, float]] = {}
    for name, plane in _PLANES.items():
        maximise = tuple(BEST_IS_MOST[axis] for axis in plane)
        told = membership(draws[:, drawn][..., list(plane)], maximise)
        shares[name] = dict(zip(drawn, told.tolist(), strict=True))
    return [
        {"arm": arm, "rate": joint.rate}
        | {axis: _known(points[place, i]) for i, axis in enumerate(AXES)}
        | {"on_frontier": bool(on[place]) if place in on else None}
        | {name: of_arm.get(place) for name, of_arm in shares.items()}
        | {"label": joint.requests.labels[arm]}
        for place, arm in enumerate(joint.arms)
    ]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
