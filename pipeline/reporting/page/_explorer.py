"""Data of the interactive frontier: every operating point of every rate, and the bands."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.page._figures_planes import PLANES
from pipeline.reporting.page._origin import SPLIT
from pipeline.reporting.page._points import AXES, Point, points_at
from pipeline.reporting.page._systems import arm_systems, is_oracle, system_colours

__all__ = ["explorer"]

_NAMES = {
    "quality_latency": "Quality against E2E",
    "quality_cost": "Quality against cost",
    "e2e_cost": "E2E against cost",
}
_DIGITS = 6  # significant digits: below a pixel, and the page stays small


def explorer(
    cells: pl.DataFrame,
    frontier: pl.DataFrame,
    bands: pl.DataFrame,
    systems: Mapping[str, Sequence[str]],
    start: float,
) -> dict[str, Any]:
    """Return what the script draws, in the units of the axes.

    Args:
        cells, frontier, bands: tables of the frontier stage.
        systems: system to its arms.
        start: rate that is shown first.
    """
    rates = frontier["rate"].unique().sort().to_list()
    points = [point for rate in rates for point in points_at(cells, frontier, rate)]
    owner = arm_systems([point.arm for point in points], systems)
    present = [name for name in system_colours(list(systems)) if name in owner.values()]
    colours = system_colours(list(systems))
    return {
        "rates": rates,
        "start": start,
        "split": SPLIT,
        "planes": [
            {"key": key, "name": _NAMES[key], "x": x, "y": y, "membership": column}
            for key, (x, y, column) in PLANES.items()
        ],
        "axes": {name: {"title": axis.title, "unit": axis.unit} for name, axis in AXES.items()},
        "systems": [{"name": name, "colour": colours[name]} for name in present],
        "points": [_point(point, owner[point.arm]) for point in points],
        "bands": _bands(bands),
    }


def _point(point: Point, system: str) -> dict[str, Any]:
    return {
        "arm": point.arm,
        "rate": point.rate,
        "system": system,
        "oracle": is_oracle(point.arm),
        "member": point.on_frontier,
        "membership": {name: _short(value) for name, value in point.membership.items()},
        "values": {name: [_short(end) for end in ends] for name, ends in point.values.items()},
        "n": point.n,
        "runs": point.runs,
        "label": point.label,
    }


def _bands(bands: pl.DataFrame) -> list[dict[str, Any]]:
    known = bands.drop_nulls(["at", "estimate", "low", "high"])
    keys = ["rate", "system", "plane", "kind"]
    found = []
    for values, part in known.group_by(keys, maintain_order=True):
        line = part.sort("at")
        across, along, _ = PLANES[str(values[2])]
        lists = {"at": (across, "at"), "estimate": (along, "estimate")}
        lists |= {end: (along, end) for end in ("low", "high")}
        found.append(
            dict(zip(keys, values, strict=True))
            | {
                name: [_short(AXES[axis].scale * value) for value in line[column]]
                for name, (axis, column) in lists.items()
            }
        )
    return found


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
