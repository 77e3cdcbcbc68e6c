"""How reliable the predicted quality is."""

from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import BLUE, GREY, canvas, panels

__all__ = ["reliability_figure"]

_WIDE = 9.0  # inches
_ACROSS = 4
_ALL = "all"


def reliability_figure(bins: pl.DataFrame, candidate: str, *, label: str) -> Drawing:
    """Draw observed against predicted quality (0 to 1), one panel for all and one per model.

    Args:
        bins: RELIABILITY rows; marker area shows how many labels a bin holds, the band its
            interval. A bin without an interval has no band.
        candidate: the one that is drawn.
        label: where the numbers come from.
    """
    own = bins.filter(pl.col("candidate") == candidate)
    models = sorted(own["model"].unique(), key=lambda name: (name != _ALL, name))
    title = f"Reliability of predicted quality, {candidate or 'no candidate'} ({label})"
    height = 0.75 + 2.45 * max(1, -(-len(models) // _ACROSS))
    with canvas(_WIDE, height, title) as figure:
        grid = panels(figure, len(models), _ACROSS, top=0.62, bottom=0.5, left=0.6, gap=0.62)
        for axes, model in zip(grid, models, strict=False):
            _panel(axes, own.filter(pl.col("model") == model).sort("predicted"))
            axes.set_title("all models" if model == _ALL else model)
        for axes in grid[:: min(_ACROSS, len(grid))]:
            axes.set_ylabel("Mean observed quality (0 to 1)", fontsize=8)
        for axes in grid[-min(_ACROSS, len(grid)) :]:
            axes.set_xlabel("Mean predicted quality (0 to 1)", fontsize=8)
        spoken = (
            f"Observed against predicted quality of {candidate}, for all and per model, {label}"
        )
        return drawn(figure, "reliability", spoken)


def _panel(axes: Any, part: pl.DataFrame) -> None:
    most = max(part["n"].to_list(), default=1)
    known = part.drop_nulls(["low", "high"])
    axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", zorder=1)
    axes.fill_between(
        known["predicted"], known["low"], known["high"], color=BLUE, alpha=0.18, lw=0, zorder=1
    )
    axes.plot(part["predicted"], part["observed"], color=BLUE, lw=1.3)
    axes.scatter(
        part["predicted"], part["observed"], s=[6 + 24 * n / most for n in part["n"]], color=BLUE,
        zorder=3,
    )  # fmt: skip
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
    axes.set(xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
