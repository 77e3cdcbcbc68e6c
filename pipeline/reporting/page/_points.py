"""Operating points of one rate with their intervals, as the figures draw them."""

from dataclasses import dataclass
from typing import Any

import polars as pl

__all__ = ["AXES", "Axis", "Interval", "Point", "complete", "points_at"]

Interval = tuple[float, float, float]  # estimate, low, high; ends are the estimate where unknown


@dataclass(frozen=True)
class Axis:
    """A metric as an axis: what it is called, its unit, the factor to that unit."""

    metric: str
    name: str
    unit: str
    scale: float

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})"


AXES = {
    "quality": Axis("quality", "Mean quality", "0 to 1", 1.0),
    "e2e_s": Axis("e2e_s", "Mean end-to-end time from schedule", "s", 1.0),
    "cost_usd": Axis("cost_usd", "Cost", "USD per 1000 requests", 1000.0),
}


@dataclass(frozen=True)
class Point:
    """One arm at one rate, its values in the units of the axes.

    `membership` holds the probability over joint draws by plane; None where it was not computed.
    """

    arm: str
    rate: float
    values: dict[str, Interval]
    on_frontier: bool
    membership: dict[str, float | None]
    n: int
    runs: int
    label: str


def complete(cells: pl.DataFrame) -> pl.DataFrame:
    """Rows of means over the requests that were answered."""
    return cells.filter(pl.col("handling") == "complete")


def points_at(cells: pl.DataFrame, frontier: pl.DataFrame, rate: float) -> list[Point]:
    """Return the arms of one rate that have all three numbers, sorted by name."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    here = complete(cells).filter((pl.col("rate") == rate) & pl.col("metric").is_in(list(AXES)))
    for row in here.iter_rows(named=True):
        found.setdefault(row["arm"], {})[row["metric"]] = row
    points = []
    for row in frontier.filter(pl.col("rate") == rate).sort("arm").iter_rows(named=True):
        cell = found.get(row["arm"], {})
        if any(cell.get(name, {}).get("estimate") is None for name in AXES):
            continue
        planes = {name: row.get(name) for name in row if name.startswith("membership")}
        points.append(
            Point(
                row["arm"],
                rate,
                {name: _interval(cell[name], axis.scale) for name, axis in AXES.items()},
                bool(row["on_frontier"]),
                planes,
                int(cell["quality"]["n"]),
                int(cell["e2e_s"]["clusters"]),
                str(row["label"]),
            )
        )
    return points


def _interval(row: dict[str, Any], scale: float) -> Interval:
    estimate, low, high = (row[name] for name in ("estimate", "low", "high"))
    if low is None or high is None:
        low = high = estimate
    return estimate * scale, low * scale, high * scale
