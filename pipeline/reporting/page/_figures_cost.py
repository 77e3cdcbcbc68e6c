"""Quality against cost, beside what needs no prompt: single models and their random mixtures."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._labels import place_labels
from pipeline.reporting.page._points import complete
from pipeline.reporting.page._style import AMBER, BLUE, GREY, INK, canvas
from pipeline.statistics import mixture_hull

__all__ = ["cost_quality_figure"]

_PER = 1000.0  # costs are drawn per 1000 requests


def cost_quality_figure(
    references: pl.DataFrame, cells: pl.DataFrame, rate: float, *, label: str
) -> Drawing:
    """Draw cost (USD per 1000 requests) against quality (0 to 1).

    Args:
        references: rows of `offline_references`.
        cells: the table of that name; the arms at `rate` are drawn, oracles excepted.
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
    arms = _points(complete(cells), "arm", here)
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
        named = [*singles, *mixed, *others, *arms]
        colours = ["#5B616A"] * (len(singles) + len(mixed)) + [AMBER] * len(others)
        colours += [INK] * len(arms)
        place_labels(axes, [(x, y, name) for x, y, name in named], colours=colours)
        return drawn(
            figure,
            "cost_quality",
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
