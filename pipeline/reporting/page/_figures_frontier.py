"""Quality against end-to-end time, one panel per rate."""

from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._labels import place_labels
from pipeline.reporting.page._points import AXES, Point, points_at
from pipeline.reporting.page._style import BLUE, GREY, INK, canvas, spread
from pipeline.reporting.page._systems import is_oracle

__all__ = ["frontier_figure"]

_AREA = 170.0  # square points of the dearest arm's marker
_NAMED = 18  # arms of a panel up to which every one is named


def frontier_figure(cells: pl.DataFrame, frontier: pl.DataFrame, *, label: str) -> Drawing:
    """Draw mean end-to-end time (s) against quality (0 to 1), one panel per rate.

    Args:
        cells: rows of the table of cells, for the error bars.
        frontier: rows of the frontier.
        label: where the numbers come from, for example "simulated, test split".

    Marker area is proportional to cost. Members of the frontier are blue and joined, oracles are
    open diamonds. An arm that lacks one of the three numbers is not drawn.
    """
    rates = frontier["rate"].unique().sort().to_list()
    panels = [points_at(cells, frontier, rate) for rate in rates]
    costs = [point.values["cost_usd"][0] for points in panels for point in points]
    top = max(costs, default=0.0) or 1.0
    height = 0.95 + 3.3 * max(1, len(rates))
    with canvas(9.0, height, f"Quality against end-to-end time ({label})") as figure:
        grid = figure.subplots(max(1, len(rates)), 1, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=0.08, right=0.97, top=1 - 0.65 / height, bottom=0.55 / height, hspace=0.32
        )
        for axes, rate, points in zip(grid, rates, panels, strict=False):
            axes.set_title(f"{rate:g} requests/s offered")
            _panel(axes, points, top)
        for axes in grid:
            axes.set_ylabel(AXES["quality"].title)
            axes.set_xlabel(AXES["e2e_s"].title)
        _size_key(grid[0], top)
        return drawn(
            figure,
            "frontier",
            f"Scatter of mean quality against mean end-to-end seconds of each arm, {label}",
        )


def _panel(axes: Any, points: list[Point], top: float) -> None:
    labels, colours = [], []
    for point in points:
        (x, left, right), (y, low, high) = (point.values[name] for name in ("e2e_s", "quality"))
        oracle = is_oracle(point.arm)
        colour = INK if oracle else BLUE if point.on_frontier else GREY
        style = {"color": colour, "lw": 0.8, "alpha": 0.7, "zorder": 2}
        axes.plot((left, right), (y, y), **style)
        axes.plot((x, x), (low, high), **style)
        axes.scatter(
            [x], [y], s=_AREA * point.values["cost_usd"][0] / top, marker="D" if oracle else "o",
            facecolor="white" if oracle else colour, edgecolor=colour, alpha=0.9, zorder=3,
        )  # fmt: skip
        if point.on_frontier or oracle or len(points) <= _NAMED:
            labels.append((x, y, point.arm))
            colours.append(colour if point.on_frontier or oracle else "#5B616A")
    members = [p.values for p in points if p.on_frontier]
    joined = sorted((values["e2e_s"][0], values["quality"][0]) for values in members)
    axes.plot([x for x, _ in joined], [y for _, y in joined], color=BLUE, lw=1, alpha=0.6, zorder=2)
    spread(axes, [point.values["e2e_s"][0] for point in points], "x")
    axes.margins(x=0.1, y=0.14)
    axes.autoscale_view()
    place_labels(axes, labels, colours=colours)


def _size_key(axes: Any, top: float) -> None:
    shares = (1.0, 0.5, 0.25)
    handles = [axes.scatter([], [], s=_AREA * share, color=GREY, alpha=0.9) for share in shares]
    axes.legend(
        handles,
        [f"{top * share:.2g}" for share in shares],
        title=f"{AXES['cost_usd'].title}, by area",
        title_fontsize=8.5,
        ncols=len(shares),
        loc="lower right",
        bbox_to_anchor=(1.0, 0.98),
        columnspacing=1.0,
        handletextpad=0.2,
        borderaxespad=0.1,
    )
