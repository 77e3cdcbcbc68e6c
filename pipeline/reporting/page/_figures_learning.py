"""How a predictor grows with its training data."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._lines import line_handle, line_style
from pipeline.reporting.page._style import canvas, key, panels
from pipeline.reporting.predictors import metric_of

__all__ = ["learning_figure"]

_WIDE = 9.0  # inches
_ACROSS = 4
_ALL = "all"
_LEARNS_FROM = {"quality": "prompts", "length": "prompts", "latency": "requests"}


def learning_figure(
    curves: pl.DataFrame, predictor: str, metrics: Sequence[str], *, label: str
) -> Drawing:
    """Draw a number on the test split against what was learned from, one panel per data set.

    A point without an interval has no bar.

    Args:
        curves: LEARNING rows of one predictor; a line per candidate, a panel per data set or tier.
        predictor: whose they are.
        metrics: the first that was measured is drawn.
        label: where the numbers come from.
    """
    metric = next((one for one in metrics if one in curves["metric"]), metrics[0])
    rows = curves.filter(pl.col("metric") == metric).drop_nulls("estimate")
    candidates = rows["candidate"].unique(maintain_order=True).to_list()
    where = sorted(rows["dataset"].unique(), key=lambda name: (name != _ALL, name))
    columns, more = key(candidates, _WIDE)
    height = 1.05 + more + 2.2 * max(1, -(-len(where) // _ACROSS))
    title = f"What {predictor} learns from more data ({label})"
    with canvas(_WIDE, height, title) as figure:
        grid = panels(figure, len(where), _ACROSS, top=0.92 + more, bottom=0.5, left=0.72, gap=0.68)
        for axes, dataset in zip(grid, where, strict=False):
            _panel(axes, rows.filter(pl.col("dataset") == dataset), candidates)
            axes.set_title("all" if dataset == _ALL else dataset)
        for axes in grid[:: min(_ACROSS, len(grid))]:
            axes.set_ylabel(_axis(predictor, metric), fontsize=8)
        for axes in grid[-min(_ACROSS, len(grid)) :]:
            axes.set_xlabel(f"Training {_LEARNS_FROM[predictor]} (count)", fontsize=8)
        if candidates:
            figure.legend(
                [line_handle(i) for i in range(len(candidates))], candidates, loc="upper left",
                bbox_to_anchor=(0.0, 1 - 0.26 / height), ncols=columns, columnspacing=1.2,
            )  # fmt: skip
        spoken = f"{metric} of {predictor} against the size of its training data, {label}"
        return drawn(figure, f"learning-{predictor}", spoken)


def _axis(predictor: str, metric: str) -> str:
    text = metric_of(predictor, metric).axis
    return text[:1].upper() + text[1:]


def _panel(axes: Any, part: pl.DataFrame, candidates: list[str]) -> None:
    for i, candidate in enumerate(candidates):
        line = part.filter(pl.col("candidate") == candidate).sort("trained_on", "share")
        style = line_style(i)
        axes.plot(line["trained_on"], line["estimate"], **style)
        known = line.drop_nulls(["low", "high"])
        axes.vlines(
            known["trained_on"], known["low"], known["high"], color=style["color"], lw=1.1,
            alpha=0.7,
        )  # fmt: skip
    axes.locator_params(nbins=4)
    axes.set_xlim(left=0)
