"""The planes of one rate with the frontier of each system as a band; the still frontier."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._labels import place_labels
from pipeline.reporting.page._points import AXES, Point, points_at
from pipeline.reporting.page._style import canvas, spread
from pipeline.reporting.page._systems import ORACLE, arm_systems, system_colours

__all__ = ["PLANES", "planes_figure"]

# plane: axes across and along, its bands in the table, its column of membership probabilities
PLANES = {
    "quality_latency": ("e2e_s", "quality", "membership_latency"),
    "quality_cost": ("cost_usd", "quality", "membership_cost"),
    "e2e_cost": ("cost_usd", "e2e_s", "membership_e2e_cost"),
}
_WIDE, _HIGH = 9.0, 9.2  # inches


def planes_figure(
    cells: pl.DataFrame,
    frontier: pl.DataFrame,
    bands: pl.DataFrame,
    systems: Mapping[str, Sequence[str]],
    rate: float,
    *,
    label: str,
) -> Drawing:
    """Draw quality against E2E (s), quality against cost and E2E against cost at one rate.

    Args:
        cells: rows of the table of cells, for points and error bars.
        frontier: rows of the frontier, for who is on it and how surely.
        bands: pointwise bands of the systems' frontiers; the steps are drawn.
        systems: system to its arms, in the order of their colours.
        rate: offered requests/s.
        label: where the numbers come from.

    A filled point is on the frontier of all arms in quality, E2E and cost; an open one is not.
    """
    points = points_at(cells, frontier, rate)
    owner = arm_systems([point.arm for point in points], systems)
    colours = system_colours(list(systems))
    here = bands.filter((pl.col("rate") == rate) & (pl.col("kind") == "steps"))
    with canvas(_WIDE, _HIGH, f"Operating points at {rate:g} requests/s ({label})") as figure:
        grid = figure.subplots(2, 2).ravel()
        figure.subplots_adjust(
            left=0.08, right=0.98, top=0.93, bottom=0.06, wspace=0.22, hspace=0.2
        )
        for axes, (plane, (across, along, _)) in zip(grid, PLANES.items(), strict=False):
            _bands(axes, here.filter(pl.col("plane") == plane), AXES[across].scale, colours)
            _plane(axes, points, owner, colours, (across, along))
        grid[3].set_axis_off()
        _key(grid[3], [name for name in colours if name in owner.values()], colours)
        return drawn(
            figure,
            "planes",
            f"Operating points of all arms at {rate:g} requests/s in three planes, {label}",
        )


def _bands(axes: Any, rows: pl.DataFrame, scale: float, colours: Mapping[str, str]) -> None:
    known = rows.drop_nulls(["at", "low", "high"])
    for (system,), part in known.group_by("system", maintain_order=True):
        line = part.sort("at")
        at = [scale * value for value in line["at"]]
        colour = colours[str(system)]
        axes.fill_between(
            at, line["low"], line["high"], color=colour, alpha=0.13, lw=0, step="post"
        )
        axes.plot(at, line["estimate"], color=colour, lw=1, alpha=0.7, drawstyle="steps-post")


def _plane(
    axes: Any,
    points: list[Point],
    owner: Mapping[str, str],
    colours: Mapping[str, str],
    plane: tuple[str, str],
) -> None:
    across, along = (AXES[name] for name in plane)
    labels, inks = [], []
    for point in points:
        (x, left, right), (y, low, high) = (point.values[name] for name in plane)
        system = owner[point.arm]
        colour = colours[system]
        style = {"color": colour, "lw": 0.8, "alpha": 0.6, "zorder": 2}
        axes.plot((left, right), (y, y), **style)
        axes.plot((x, x), (low, high), **style)
        axes.scatter(
            [x], [y], s=30, marker="D" if system == ORACLE else "o", zorder=3,
            facecolor=colour if point.on_frontier else "white", edgecolor=colour,
        )  # fmt: skip
        if point.on_frontier or system == ORACLE:
            labels.append((x, y, point.arm))
            inks.append(colour)
    axes.set_xlabel(across.title)
    axes.set_ylabel(along.title)
    axes.margins(x=0.08, y=0.08)
    axes.autoscale_view()
    spread(axes, [point.values[across.metric][0] for point in points], "x")
    spread(axes, [point.values[along.metric][0] for point in points], "y")
    place_labels(axes, labels, size=6.8, colours=inks)


def _key(axes: Any, systems: list[str], colours: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    def mark(colour: str, shape: str, *, filled: bool) -> Any:
        face = colour if filled else "white"
        return Line2D([], [], color=colour, marker=shape, mfc=face, ls="", ms=6)

    handles = [
        mark(colours[name], "D" if name == ORACLE else "o", filled=name != ORACLE)
        for name in systems
    ]
    handles += [mark(colours["other arms"], "o", filled=filled) for filled in (True, False)]
    names = [*systems, "on the frontier of all arms", "dominated by another arm"]
    axes.legend(handles, names, loc="upper left", bbox_to_anchor=(0.05, 1.0), title="System",
                alignment="left")  # fmt: skip
    axes.text(
        0.07, 0.3 if len(systems) < 8 else 0.2,
        "Bars: intervals of each mean.\nLines and bands: frontier of a system\nas steps, with its "
        "pointwise band.\nNames: members and oracles.",
        fontsize=8.5, va="top",
    )  # fmt: skip
