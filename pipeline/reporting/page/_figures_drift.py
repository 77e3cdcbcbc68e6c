"""Error of the predictors: against the offered rate, and from one traffic to another."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._lines import line_handle, line_style
from pipeline.reporting.page._style import AMBER, BLUE, canvas, key

__all__ = ["drift_figure", "traffic_figure"]

_WIDE = 9.0  # inches
_PREDICTORS = ("quality", "length", "ttft", "tpot", "e2e")
_RELATIVE, _ABSOLUTE = "Mean relative error (%)", "Mean absolute error (0 to 1)"


def drift_figure(table: pl.DataFrame, *, label: str, slice_: str = "tier") -> Drawing:
    """Draw the error of each predictor against the offered rate.

    Times and lengths are shown by their mean relative error (%). Quality is shown by its mean
    absolute error (0 to 1), as its relative error exists for the good answers alone.

    Args:
        table: rows of the table of errors; the steady traffic is drawn.
        label: where the numbers come from.
        slice_: "tier" or "arm", one line for each.
    """
    steady = (pl.col("traffic") == "steady") & (pl.col("slice") == slice_)
    rows = _shown_errors(table.filter(steady))
    names = rows["name"].unique().sort().to_list()
    predictors = [name for name in _PREDICTORS if name in rows["predictor"].to_list()] or ["e2e"]
    columns, more = key(names, _WIDE)
    height = 3.4 + more
    with canvas(_WIDE, height, f"Predictor error under load ({label})") as figure:
        grid = figure.subplots(1, len(predictors), squeeze=False)[0]
        figure.subplots_adjust(
            left=0.07, right=0.985, top=1 - (0.99 + more) / height, bottom=0.51 / height,
            wspace=0.62,
        )  # fmt: skip
        for axes, predictor in zip(grid, predictors, strict=True):
            axes.set_title(predictor)
            part = rows.filter(pl.col("predictor") == predictor)
            for i, name in enumerate(names):
                line = part.filter(pl.col("name") == name).sort("rate")
                axes.plot(line["rate"], line["shown"], **line_style(i))
            axes.set_ylim(0, 1.12 * max(part["shown"].to_list(), default=1.0) or 1.0)
            axes.set_xticks(sorted(set(rows["rate"].to_list())))
            axes.set_xlabel("Rate (requests/s)")
            axes.set_ylabel(_ABSOLUTE if predictor == "quality" else _RELATIVE, labelpad=2)
        handles = [line_handle(i) for i in range(len(names))]
        if names:
            figure.legend(
                handles, names, loc="upper left", bbox_to_anchor=(0.0, 1 - 0.26 / height),
                ncols=columns, columnspacing=1.2,
            )  # fmt: skip
        return drawn(figure, "drift", f"Error of each predictor at each rate, by {slice_}, {label}")


def _shown_errors(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the error that the figure shows, as `shown`."""
    relative, absolute = 100 * pl.col("mape"), pl.col("mae")
    shown = pl.when(pl.col("predictor") == "quality").then(absolute).otherwise(relative)
    return rows.with_columns(shown.alias("shown")).drop_nulls("shown")


def traffic_figure(table: pl.DataFrame, arm: str, *, label: str) -> Drawing:
    """Draw the error of each predictor of one arm in every traffic, one panel per predictor.

    A traffic that changes in mid-run has two rows: before (blue) and after the change (amber).
    """
    rows = _shown_errors(table.filter((pl.col("slice") == "arm") & (pl.col("name") == arm)))
    changing = set(rows.filter(pl.col("changed"))["traffic"])
    keyed = {
        (row["traffic"], row["rate"], bool(row["changed"])): _traffic_name(row, changing)
        for row in rows.iter_rows(named=True)
    }
    order = sorted(keyed, key=lambda where: (where[0] != "steady", *where))
    predictors = [name for name in _PREDICTORS if name in rows["predictor"].to_list()] or ["e2e"]
    height = 1.25 + 0.25 * max(1, len(order))
    with canvas(_WIDE, height, f"Predictor error of {arm} by traffic ({label})") as figure:
        grid = figure.subplots(1, len(predictors), squeeze=False, sharey=True)[0]
        figure.subplots_adjust(
            left=name_margin(list(keyed.values()), _WIDE), right=0.98, top=1 - 0.6 / height,
            bottom=0.55 / height, wspace=0.12,
        )  # fmt: skip
        for axes, predictor in zip(grid, predictors, strict=True):
            part = rows.filter(pl.col("predictor") == predictor)
            found = {
                (row["traffic"], row["rate"], bool(row["changed"])): row["shown"]
                for row in part.iter_rows(named=True)
            }
            dots(axes, [_traffic_dot(keyed[where], found.get(where), where[2]) for where in order])
            axes.set_title(predictor)
            axes.set_xlim(0, 1.12 * max(found.values(), default=1.0) or 1.0)
            axes.locator_params(axis="x", nbins=3)  # more numbers do not fit below a narrow panel
            unit = "0 to 1" if predictor == "quality" else "%"
            axes.set_xlabel(
                f"{'Absolute' if predictor == 'quality' else 'Relative'} error ({unit})"
            )
        return drawn(
            figure, "traffic", f"Error of each predictor of {arm} in every traffic, {label}"
        )


def _traffic_name(row: Mapping[str, Any], changing: set[str]) -> str:
    when = (", after" if row["changed"] else ", before") if row["traffic"] in changing else ""
    return f"{row['traffic']}, {row['rate']:g}/s{when}"


def _traffic_dot(name: str, shown: float | None, changed: bool) -> Dot:
    return Dot(name, shown, None, None, AMBER if changed else BLUE)
