"""The frontier of each system in a plane, with bounds pointwise and for the whole of it."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.rows import METRIC_UNITS
from pipeline.statistics import frontier_band

__all__ = ["BAND_SCHEMA", "band_rows"]

BAND_SCHEMA: dict[str, Any] = {
    "rate": pl.Float64,
    "system": pl.String,
    "plane": pl.String,
    "kind": pl.String,
    "at": pl.Float64,
    "at_unit": pl.String,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "joint_low": pl.Float64,
    "joint_high": pl.Float64,
    "level": pl.Float64,
    "defined": pl.Float64,
    "label": pl.String,
}
_PLANES = {"quality_cost": "cost_usd", "quality_latency": "e2e_s"}
_KINDS = {"steps": False, "hull": True}
_STEPS = 40  # abscissae, over the range that the points of all systems span


def band_rows(joint: JointPoints, frontier: FrontierParams) -> list[dict[str, Any]]:
    """Return what quality (0 to 1) each system attains up to a cost or a mean E2E.

    The planes are quality_cost (USD per request) and quality_latency (s). kind "steps" is the best
    operating point within the abscissa, "hull" that of two points mixed at random; of a latency,
    where each of them holds for a share of the time, since mixing requests changes the queues. low
    and high bound the quality at one abscissa, joint_low and joint_high the whole frontier at once.
    `defined` is the share of the joint draws in which anything is attained there; where it is
    below 0.95 there are no bounds, and left of the first point there is no estimate either. The
    abscissae of a plane are the same for all systems.

    Args:
        joint: all arms of one rate.
        frontier: systems and level.
    """
    return [
        row for plane, axis in _PLANES.items() for row in _in_plane(joint, plane, axis, frontier)
    ]


def _in_plane(
    joint: JointPoints, plane: str, axis: str, frontier: FrontierParams
) -> list[dict[str, Any]]:
    told = {name: joint.of(arms, (axis, "quality")) for name, arms in frontier.systems.items()}
    systems = {name: places for name, places in told.items() if places}
    if not systems:
        return []
    at = _abscissae(joint.points[axis][[place for some in systems.values() for place in some]])
    shared = {"rate": joint.rate, "plane": plane, "at_unit": METRIC_UNITS[axis]}
    return [
        {**shared, "system": system, "kind": kind, "level": frontier.level, **row}
        for system, places in systems.items()
        for kind in _KINDS
        for row in _band(joint, places, axis, kind, at, frontier.level)
    ]


def _abscissae(x: Floats) -> Floats:
    """Evenly from the least to the largest; one where they are the same."""
    return np.unique(np.linspace(x.min(), x.max(), _STEPS))


def _band(
    joint: JointPoints, places: list[int], axis: str, kind: str, at: Floats, level: float
) -> list[dict[str, Any]]:
    columns = (axis, "quality")
    band = frontier_band(
        np.stack([joint.points[name][places] for name in columns], axis=-1),
        np.stack([joint.draws[name][:, places] for name in columns], axis=-1),
        at,
        level=level,
        mixing=_KINDS[kind],
    )
    label = joint.requests.label(tuple(joint.arms[place] for place in places))
    names = ("at", "estimate", "low", "high", "joint_low", "joint_high", "defined")
    table = np.stack([getattr(band, name) for name in names], axis=-1)
    return [
        {name: None if np.isnan(value) else value for name, value in zip(names, row, strict=True)}
        | {"label": label}
        for row in table.tolist()
    ]
