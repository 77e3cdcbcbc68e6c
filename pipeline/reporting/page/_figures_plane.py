"""Figures of operating points: the frontier, and quality against cost."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.page._style import AMBER, BLUE, GREY, INK, canvas, place_labels, svg_text
from pipeline.statistics import mixture_hull

__all__ = ["cost_quality_figure", "frontier_figure"]

_AREA = 170.0  # square points of the dearest arm's marker
_PER = 1000.0  # costs are drawn per 1000 requests


def frontier_figure(cells: pl.DataFrame, frontier: pl.DataFrame, *, label: str) -> str:
    """Return SVG: mean end-to-end time (s) against quality (0 to 1), one panel per rate.

    Args:
        cells: rows of `cell_table`, for the error bars.
        frontier: rows of `frontier_table`.
        label: where the numbers come from, for example "simulated, test split".

    Marker area is proportional to cost. Members of the frontier are blue and joined, oracles are
    open amber diamonds. An arm that lacks one of the three numbers is not drawn.
    """
    drawn = frontier.drop_nulls(["quality", "e2e_s", "cost_usd"])
    rates = drawn["rate"].unique().sort().to_list()
    top = max(drawn["cost_usd"].to_list(), default=0.0) or 1.0
    height = 0.95 + 3.3 * max(1, len(rates))
    with canvas(9.0, height, f"Quality against end-to-end time ({label})") as figure:
        grid = figure.subplots(max(1, len(rates)), 1, squeeze=False)[:, 0]
        figure.subplots_adjust(
            left=0.08, right=0.97, top=1 - 0.65 / height, bottom=0.55 / height, hspace=0.32
        )
        for axes, rate in zip(grid, rates, strict=False):
            _panel(axes, drawn.filter(pl.col("rate") == rate), cells, rate, top)
        for axes in grid:
            axes.set_ylabel("Mean quality (0 to 1)")
            axes.set_xlabel("Mean end-to-end time from schedule (s)")
        _size_key(grid[0], top)
        return svg_text(
            figure,
            "frontier",
            f"Scatter of mean quality against mean end-to-end seconds of each arm, {label}",
        )


def _panel(axes: Any, points: pl.DataFrame, cells: pl.DataFrame, rate: float, top: float) -> None:
    axes.set_title(f"{rate:g} requests/s offered")
    ends = _ends(cells.filter(pl.col("rate") == rate))
    labels, colours = [], []
    for row in points.sort("arm").iter_rows(named=True):
        arm, x, y = row["arm"], row["e2e_s"], row["quality"]
        oracle, member = arm.endswith("_oracle"), bool(row["on_frontier"])
        colour = AMBER if oracle else BLUE if member else GREY
        _bars(axes, x, y, ends.get((arm, "e2e_s")), ends.get((arm, "quality")), colour)
        axes.scatter(
            [x],
            [y],
            s=_AREA * row["cost_usd"] / top,
            marker="D" if oracle else "o",
            facecolor="white" if oracle else colour,
            edgecolor=colour,
            alpha=0.9,
            zorder=3,
        )
        labels.append((x, y, arm))
        colours.append(colour if member or oracle else "#5B616A")
    joined = points.filter(pl.col("on_frontier").fill_null(value=False)).sort("e2e_s")
    axes.plot(joined["e2e_s"], joined["quality"], color=BLUE, lw=1, alpha=0.6, zorder=2)
    _spread(axes, points["e2e_s"].to_list())
    axes.margins(x=0.1, y=0.14)
    axes.autoscale_view()
    place_labels(axes, labels, colours=colours)


def _spread(axes: Any, values: list[float]) -> None:
    """A logarithmic axis where a saturated arm would squeeze the others into a corner."""
    if values and min(values) > 0 and max(values) / min(values) > 6:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())


def _ends(cells: pl.DataFrame) -> dict[tuple[str, str], tuple[float, float]]:
    known = cells.drop_nulls(["low", "high"])
    return {
        (row["arm"], row["metric"]): (row["low"], row["high"])
        for row in known.iter_rows(named=True)
    }


def _bars(axes: Any, x: float, y: float, across: Any, along: Any, colour: str) -> None:
    style = {"color": colour, "lw": 0.8, "alpha": 0.7, "zorder": 2}
    if across:
        axes.plot(across, (y, y), **style)
    if along:
        axes.plot((x, x), along, **style)


def _size_key(axes: Any, top: float) -> None:
    shares = (1.0, 0.5, 0.25)
    handles = [axes.scatter([], [], s=_AREA * share, color=GREY, alpha=0.9) for share in shares]
    names = [f"{top * share * _PER:.2g}" for share in shares]
    axes.legend(
        handles,
        names,
        title="Cost (USD per 1000 requests), by area",
        title_fontsize=8.5,
        ncols=len(shares),
        loc="lower right",
        bbox_to_anchor=(1.0, 0.98),
        columnspacing=1.0,
        handletextpad=0.2,
        borderaxespad=0.1,
    )


def cost_quality_figure(
    references: pl.DataFrame, cells: pl.DataFrame, rate: float, *, label: str
) -> str:
    """Return SVG: cost (USD per 1000 requests) against quality (0 to 1).

    Args:
        references: rows of `offline_references`.
        cells: rows of `cell_table`; the arms at `rate` are drawn, oracles excepted.
        rate: offered requests/s.
        label: where the numbers come from.

    The line is the hull of the single models: what mixing them at random reaches without reading
    the prompt. A router is worth its trouble above it.
    """
    singles = _points(references, "reference", pl.col("reference").str.starts_with("single:"))
    others = _points(
        references, "reference", pl.col("reference").is_in(["dataset_oracle", "query_oracle"])
    )
    mixed = _points(references, "reference", pl.col("reference") == "random_mixture")
    here = (pl.col("rate") == rate) & ~pl.col("arm").str.ends_with("_oracle")
    arms = _points(cells, "arm", here)
    with canvas(9.0, 5.2, f"Quality against cost ({label})") as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.08, right=0.97, top=0.85, bottom=0.11)
        if singles:
            cost, quality = (np.array([point[i] for point in singles]) for i in (0, 1))
            axes.plot(*mixture_hull(cost, quality), color=GREY, lw=1, ls="--", label="mixture hull")
        groups = (
            (singles, "s", "single model", GREY, GREY),
            (mixed, "P", "random mixture", GREY, "white"),
            (others, "D", "oracle", AMBER, "white"),
            (arms, "o", f"arm at {rate:g} requests/s", BLUE, BLUE),
        )
        for points, marker, name, edge, face in groups:
            _scatter(axes, points, marker, name, edge, face)
        axes.set_xlabel("Cost (USD per 1000 requests)")
        axes.set_ylabel("Mean quality (0 to 1)")
        axes.margins(x=0.1, y=0.1)
        axes.autoscale_view()
        axes.legend(
            loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5, borderaxespad=0.1,
            columnspacing=1.2, handletextpad=0.4,
        )  # fmt: skip
        drawn = [*singles, *mixed, *others, *arms]
        colours = ["#5B616A"] * (len(singles) + len(mixed)) + [AMBER] * len(others)
        colours += [INK] * len(arms)
        place_labels(axes, [(x, y, name) for x, y, name in drawn], colours=colours)
        return svg_text(
            figure,
            "plane",
            f"Scatter of mean quality against cost of single models, oracles and arms, {label}",
        )


def _points(table: pl.DataFrame, name: str, keep: pl.Expr) -> list[tuple[float, float, str]]:
    """(cost per 1000 requests, quality, name) of the rows that have both."""
    wide = (
        table.filter(keep)
        .group_by(name)
        .agg(
            pl.col("estimate").filter(pl.col("metric") == metric).first().alias(metric)
            for metric in ("cost_usd", "quality")
        )
        .drop_nulls()
        .sort(name)
    )
    return [
        (cost * _PER, quality, str(title).removeprefix("single:"))
        for title, cost, quality in wide.iter_rows()
    ]


def _scatter(
    axes: Any,
    points: list[tuple[float, float, str]],
    marker: str,
    name: str,
    edge: str,
    face: str,
) -> None:
    if points:
        xs, ys, _ = zip(*points, strict=True)
        axes.scatter(
            xs, ys, s=42, marker=marker, facecolor=face, edgecolor=edge, label=name, zorder=3
        )
