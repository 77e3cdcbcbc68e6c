"""The candidates of a predictor beside each other."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import BLUE, GREY, canvas
from pipeline.reporting.predictors import candidate_order, judged, metric_of, selected_name

__all__ = ["candidates_figure"]

_WIDE = 9.0  # inches
_PANELS = 2


def candidates_figure(
    scores: pl.DataFrame, predictor: str, metrics: Sequence[str], *, label: str
) -> Drawing:
    """Draw the candidates' numbers on the whole test split, one panel per metric.

    They stand in the order of the number that selection goes by; blue and filled serves.

    Args:
        scores: SCORES rows.
        predictor: whose candidates.
        metrics: the first two of them that were measured are drawn.
        label: where the numbers come from.
    """
    test = judged(scores, predictor).filter(pl.col("slice_kind") == "all")
    measured = [one for one in metrics if one in test["metric"]]
    shown = measured[:_PANELS] or [metrics[0]]
    drawn_at_all = test.filter(pl.col("metric").is_in(shown))["candidate"]
    names = [name for name in candidate_order(scores, predictor) if name in drawn_at_all]
    height = 1.2 + 0.27 * max(1, len(names))
    title = f"Candidates for {predictor}, filled: serves ({label})"
    with canvas(_WIDE, height, title) as figure:
        grid = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        figure.subplots_adjust(
            left=name_margin(names, _WIDE), right=0.97, top=1 - 0.45 / height,
            bottom=0.55 / height, wspace=0.1,
        )  # fmt: skip
        for axes, metric in zip(grid, shown, strict=True):
            _panel(axes, test.filter(pl.col("metric") == metric), names, scores, predictor)
            axes.set_xlabel(_axis(predictor, metric))
        spoken = f"Numbers of every candidate for {predictor} with their intervals, {label}"
        return drawn(figure, f"candidates-{predictor}", spoken)


def _panel(
    axes: Any, rows: pl.DataFrame, names: list[str], scores: pl.DataFrame, predictor: str
) -> None:
    serves = selected_name(scores, predictor)
    found = {row["candidate"]: row for row in rows.iter_rows(named=True)}
    shown = []
    for name in names:
        row = found.get(name, {})
        ends = (row.get("estimate"), row.get("low"), row.get("high"))
        shown.append(Dot(name, *ends, BLUE if name == serves else GREY, filled=name == serves))
    dots(axes, shown)


def _axis(predictor: str, metric: str) -> str:
    known = metric_of(predictor, metric)
    text = known.axis[:1].upper() + known.axis[1:]
    return f"{text}; {known.better} is better" if known.better else text
