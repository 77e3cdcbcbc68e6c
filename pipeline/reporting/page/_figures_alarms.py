"""Whether bounds hold and alarms sound: measured against what they promise."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import AMBER, BLUE, INK, canvas

__all__ = ["alarm_figure", "coverage_figure"]

_WIDE = 9.0  # inches


def alarm_figure(table: pl.DataFrame, false_alarm: float, *, label: str) -> Drawing:
    """Draw the share of runs in which an alarm sounded, one panel per predictor.

    Traffic that changes in mid-run is amber, all other blue. The dashed line is the stated chance
    of an alarm where nothing changed.
    """
    predictors = table["predictor"].unique(maintain_order=True).to_list() or ["none"]
    order = table.select("traffic", "changing").unique().sort("changing", "traffic").rows()
    height = 1.25 + 0.27 * max(1, len(order))
    with canvas(_WIDE, height, f"Alarms that sounded ({label})") as figure:
        grid = figure.subplots(1, len(predictors), squeeze=False, sharey=True)[0]
        figure.subplots_adjust(
            left=name_margin([_row_name(*where) for where in order], _WIDE), right=0.97,
            top=1 - 0.6 / height, bottom=0.55 / height, wspace=0.15,
        )  # fmt: skip
        for axes, predictor in zip(grid, predictors, strict=True):
            part = table.filter(pl.col("predictor") == predictor)
            found = {(row["traffic"], row["changing"]): row for row in part.iter_rows(named=True)}
            dots(axes, [_alarm_dot(where, found.get(where)) for where in order])
            axes.axvline(false_alarm, color=INK, lw=0.9, ls=(0, (2, 1.5)), zorder=1)
            axes.set(xlim=(-0.03, 1.03), title=predictor, xlabel="Share of runs (0 to 1)")
        return drawn(
            figure,
            "alarms",
            f"Share of runs with an alarm by traffic, stated false-alarm rate {false_alarm:g}, "
            f"{label}",
        )


def _row_name(traffic: str, changing: bool) -> str:
    return f"{traffic} (changes)" if changing else traffic


def _alarm_dot(where: tuple[str, bool], row: Mapping[str, Any] | None) -> Dot:
    name, colour = _row_name(*where), AMBER if where[1] else BLUE
    if row is None:
        return Dot(name, None, None, None, colour)
    return Dot(name, row["estimate"], row["low"], row["high"], colour)


def coverage_figure(table: pl.DataFrame, rate: float, *, label: str) -> Drawing:
    """Draw the coverage of every predictor's bounds in the steady traffic at one rate.

    The dashed tick of a row is the coverage that the bounds promise.
    """
    keep = (pl.col("measure") == "coverage") & (pl.col("traffic") == "steady")
    rows = table.filter(keep & (pl.col("rate") == rate) & (pl.col("slice") != "arm"))
    rows = rows.sort("predictor", "slice", "name")
    shown = [
        Dot(
            f"{row['predictor']}, {row['name']}", row["estimate"], row["low"], row["high"], BLUE,
            tick=row["target"],
        )
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip
    height = 1.2 + 0.25 * max(1, len(shown))
    title = f"Coverage of the predictors' bounds at {rate:g} requests/s ({label})"
    with canvas(_WIDE, height, title) as figure:
        axes = figure.subplots()
        figure.subplots_adjust(
            left=name_margin([dot.name for dot in shown], _WIDE), right=0.97,
            top=1 - 0.45 / height, bottom=0.55 / height,
        )  # fmt: skip
        dots(axes, shown)
        axes.set_xlabel("Share of actual values inside the bounds (0 to 1); dashed: promised")
        return drawn(figure, "coverage", f"Coverage of the bounds of every predictor, {label}")
