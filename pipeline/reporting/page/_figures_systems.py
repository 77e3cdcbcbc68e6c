"""Systems as wholes: hypervolume, and the best of each on every axis."""

from collections.abc import Mapping, Sequence
from math import pi, sin
from typing import Any

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import GREY, canvas
from pipeline.reporting.page._systems import system_colours

__all__ = ["hypervolume_figure", "radar_figure"]

_WIDE = 9.0  # inches


def hypervolume_figure(
    table: pl.DataFrame, systems: Mapping[str, Sequence[str]], *, label: str
) -> Drawing:
    """Draw each system's share of the declared box, and its difference to another, by rate."""
    rates = table["rate"].unique().sort().to_list()
    colours = system_colours(list(systems))
    own = table.filter(pl.col("against").is_null())
    minus = table.filter(pl.col("against").is_not_null())
    blocks = [
        [(_dot(row, colours), f"{rate:g} requests/s") for row in _at(part, rate)]
        for part in (own, minus)
        for rate in rates
    ]
    sizes = [max(1, max(len(blocks[i]), len(blocks[len(rates) + i]))) for i in range(len(rates))]
    drawn_high = 0.27 * sum(sizes) or 1.0
    gap = 0.72 * len(rates) / drawn_high
    height = 1.2 + drawn_high + 0.72 * max(0, len(rates) - 1)
    with canvas(_WIDE, height, f"Hypervolume of each system ({label})") as figure:
        grid = figure.subplots(max(1, len(rates)), 2, squeeze=False, height_ratios=sizes or [1])
        names = [dot.name for block in blocks[: len(rates)] for dot, _ in block]
        figure.subplots_adjust(
            left=name_margin(names, _WIDE), right=0.97, top=1 - 0.7 / height, bottom=0.5 / height,
            wspace=0.75, hspace=gap,
        )  # fmt: skip
        for i, rate in enumerate(rates):
            for axes, block in zip(grid[i], (blocks[i], blocks[len(rates) + i]), strict=True):
                dots(axes, [dot for dot, _ in block])
                axes.set_title(f"{rate:g} requests/s")
        for row in grid:
            row[0].set_xlabel("Dominated share of the box (0 to 1)")
            row[1].set_xlabel("Difference in that share")
            row[1].axvline(0, color=GREY, lw=0.8, zorder=1)
        return drawn(figure, "hypervolume", f"Hypervolume of each system at each rate, {label}")


def _at(table: pl.DataFrame, rate: float) -> list[dict[str, Any]]:
    return list(table.filter(pl.col("rate") == rate).iter_rows(named=True))


def _dot(row: Mapping[str, Any], colours: Mapping[str, str]) -> Dot:
    against = row["against"]
    name = row["system"] if against is None else f"{row['system']} − {against}"
    ends = (row["estimate"], row["low"], row["high"])
    return Dot(name, *ends, colours.get(row["system"], GREY))


def radar_figure(
    table: pl.DataFrame, systems: Mapping[str, Sequence[str]], rate: float, *, label: str
) -> Drawing:
    """Draw small multiples, one per system: its share of the best value on each axis (0 to 1).

    Every axis may come from another arm of the system; the table names the arm.
    """
    here = table.filter(pl.col("rate") == rate).drop_nulls("share_of_best")
    names = here["system"].unique(maintain_order=True).to_list()
    axes_names = here["axis"].unique(maintain_order=True).to_list()
    colours = system_colours(list(systems))
    across = min(3, max(1, len(names)))
    down = -(-len(names) // across) or 1
    height = 0.5 + 2.75 * down
    title = f"Best of each system at {rate:g} requests/s, as a share of the best of all ({label})"
    with canvas(_WIDE, height, title) as figure:
        grid = figure.subplots(down, across, squeeze=False, subplot_kw={"projection": "polar"})
        figure.subplots_adjust(
            left=0.1, right=0.9, top=1 - 1.0 / height, bottom=0.35 / height, wspace=0.75,
            hspace=0.65,
        )  # fmt: skip
        for i, axes in enumerate(grid.ravel()):
            if i >= len(names):
                axes.set_axis_off()
                continue
            part = here.filter(pl.col("system") == names[i])
            found = dict(zip(part["axis"], part["share_of_best"], strict=True))
            _radar(axes, names[i], [found.get(name) for name in axes_names], axes_names, colours)
        return drawn(
            figure, "radar", f"Share of the best value on each axis, one radar per system, {label}"
        )


def _radar(
    axes: Any,
    name: str,
    values: Sequence[float | None],
    names: Sequence[str],
    colours: Mapping[str, str],
) -> None:
    turns = [2 * pi * i / len(names) for i in range(len(names))]
    known = [(turn, value) for turn, value in zip(turns, values, strict=True) if value is not None]
    colour = colours.get(name, GREY)
    if len(known) == len(names):
        known.append(known[0])
        axes.fill(*zip(*known, strict=True), color=colour, alpha=0.15, lw=0)
    axes.plot(*zip(*known, strict=True), color=colour, lw=1.5, marker="o", ms=3)
    axes.set_theta_offset(pi / 2)
    axes.set_theta_direction(-1)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.25, 0.5, 0.75, 1], ["", "0.5", "", "1"], fontsize=6.5)
    axes.set_xticks(turns, [""] * len(names))
    for turn, text in zip(turns, names, strict=True):
        side = sin(turn)
        ha = "center" if abs(side) < 0.1 else "left" if side > 0 else "right"
        axes.text(turn, 1.12, text, fontsize=7, ha=ha, va="center")
    axes.set_title(name, loc="center", pad=18)
