"""How much of the declared box a system dominates, and how much less than the first one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._draws import AXES, JointPoints
from pipeline.reporting.rows import ESTIMATE_SCHEMA
from pipeline.statistics import Estimate, hypervolume, hypervolumes, interval_of_draws

__all__ = ["HYPERVOLUME_SCHEMA", "hypervolume_rows"]

HYPERVOLUME_SCHEMA: dict[str, Any] = {
    "rate": pl.Float64,
    "system": pl.String,
    "against": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "label": pl.String,
}
_UNIT = "share of the box"
_METHOD = "joint draws of prompt clusters and of runs"


def hypervolume_rows(joint: JointPoints, frontier: FrontierParams) -> list[dict[str, Any]]:
    """Return the hypervolume of each system, and its difference from the first.

    Share (0 to 1) of the box frontier.bounds in quality, mean E2E and cost that the operating
    points of the system dominate (Zitzler 1999). `against` is null for the share itself, else the
    system that is subtracted: the first declared one that has points at the rate. A difference is
    taken draw by draw, so both sides see the same prompts and runs. `missing` adds up the requests
    without a quality over the operating points. A system without any complete point has no row.

    Args:
        joint: all arms of one rate.
        frontier: systems, bounds and level.
    """
    told = {name: joint.of(arms) for name, arms in frontier.systems.items()}
    systems = {name: places for name, places in told.items() if places}
    volumes = {name: _volume(joint, places, frontier) for name, places in systems.items()}
    pairs: list[tuple[str, str | None]] = [(name, None) for name in systems]
    first, *others = systems or [""]
    pairs += [(name, first) for name in others]
    return [_row(joint, volumes, systems, pair, frontier.level) for pair in pairs]


def _volume(
    joint: JointPoints, places: list[int], frontier: FrontierParams
) -> tuple[float, Floats]:
    """The share on the data, and (B,) on the draws; NaN in a draw with a missing coordinate."""
    box = [getattr(frontier.bounds, axis) for axis in AXES]
    worst, best = [axis.worst for axis in box], [axis.best for axis in box]
    means, draws = joint.axes()
    chosen = draws[:, places]
    shares = hypervolumes(chosen, worst=worst, best=best)
    # A point that cannot be drawn would count as absent, which is not what is not known of it.
    shares[np.isnan(chosen).any(axis=(1, 2))] = np.nan
    return hypervolume(means[places], worst=worst, best=best), shares


def _row(
    joint: JointPoints,
    volumes: Mapping[str, tuple[float, Floats]],
    systems: Mapping[str, list[int]],
    pair: tuple[str, str | None],
    level: float,
) -> dict[str, Any]:
    system, against = pair
    point, draws = volumes[system]
    places = list(systems[system])
    if against is not None:
        point, draws = point - volumes[against][0], draws - volumes[against][1]
        places += systems[against]
    found: Estimate = interval_of_draws(
        point,
        draws,
        level=level,
        method=_METHOD,
        n=joint.n,
        clusters=joint.clusters,
        missing=sum(joint.estimates["quality"][place].missing for place in set(places)),
    )
    label = joint.requests.label(tuple(joint.arms[place] for place in places))
    shared = {"rate": joint.rate, "system": system, "against": against, "unit": _UNIT}
    return {**shared, **found.as_row(), "label": label}
