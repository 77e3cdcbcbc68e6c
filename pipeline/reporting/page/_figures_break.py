"""How much error the fused decision bears."""

from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import AMBER, BLUE, GREY, canvas

__all__ = ["break_figure"]

_WIDE = 9.0  # inches


def break_figure(doses: pl.DataFrame, points: pl.DataFrame, *, label: str) -> Drawing:
    """Draw utility minus that of the best decoupled baseline against the dose, a panel per kind.

    The amber line is the dose at which the advantage is gone, its band the interval of that dose.
    """
    kinds = doses["kind"].unique(maintain_order=True).to_list()
    found = {row["kind"]: row for row in points.iter_rows(named=True)}
    across = min(2, max(1, len(kinds)))
    down = -(-len(kinds) // across) or 1
    height = 0.75 + 2.7 * down
    with canvas(_WIDE, height, f"Advantage under spoiled predictions ({label})") as figure:
        grid = figure.subplots(down, across, squeeze=False).ravel()
        figure.subplots_adjust(
            left=0.1, right=0.98, top=1 - 0.7 / height, bottom=0.5 / height, hspace=0.5, wspace=0.28
        )
        for axes in grid[len(kinds) :]:
            axes.set_axis_off()
        for axes, kind in zip(grid, kinds, strict=False):
            rows = doses.filter(pl.col("kind") == kind).sort("dose")
            _panel(axes, rows, found.get(kind))
            axes.set_title(str(kind))
        return drawn(
            figure,
            "break",
            f"Utility of the fused arm minus the best decoupled baseline by dose of error, {label}",
        )


def _panel(axes: Any, rows: pl.DataFrame, point: dict[str, Any] | None) -> None:
    known = rows.drop_nulls("estimate")
    banded = known.drop_nulls(["low", "high"])
    axes.axhline(0, color=GREY, lw=0.8)
    axes.fill_between(banded["dose"], banded["low"], banded["high"], color=BLUE, alpha=0.15, lw=0)
    axes.plot(known["dose"], known["estimate"], color=BLUE, lw=1.4, marker="o", ms=4)
    if point is not None and point["break_dose"] is not None:
        axes.axvline(point["break_dose"], color=AMBER, lw=1.2)
        if point["break_low"] is not None and point["break_high"] is not None:
            axes.axvspan(point["break_low"], point["break_high"], color=AMBER, alpha=0.12, lw=0)
    axes.set_xlabel(f"Dose ({rows['unit'][0]})")
    axes.set_ylabel("Utility difference (0 to 1)")
