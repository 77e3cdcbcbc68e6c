"""Figures of claims and parts: verdicts, predictor error, model mix, reliability."""

from typing import Any

import polars as pl

from pipeline.reporting.drift._drift import PREDICTED
from pipeline.reporting.page._format import estimate_text
from pipeline.reporting.page._style import (
    AMBER,
    BLUE,
    GREY,
    INK,
    PALETTE,
    bare,
    canvas,
    key,
    svg_text,
)

__all__ = ["ablation_figure", "drift_figure", "mix_figure", "reliability_figure"]

_WIDE = 9.0  # inches
_VERDICT = {"supported": BLUE, "refuted": AMBER, "inconclusive": GREY}
_RELATIVE, _ABSOLUTE = "Mean relative error (%)", "Mean absolute error (0 to 1)"
_UNIT = {"e2e_s": "s", "quality": "0 to 1", "cost_usd": "USD per request"}


def ablation_figure(table: pl.DataFrame, *, label: str) -> str:
    """Return SVG: a forest plot of the improvements of `ablation_table`, one panel per metric.

    The dashed tick on each row is the margin that the improvement has to exceed.
    """
    metrics = table["metric"].unique(maintain_order=True).to_list()
    sizes = [table.filter(pl.col("metric") == metric).height + 1.2 for metric in metrics] or [1]
    height = 0.8 + 0.34 * sum(sizes) + 0.75 * len(sizes)
    left, right = _margins(table)
    with canvas(_WIDE, height, f"Declared contrasts ({label})") as figure:
        grid = figure.subplots(len(sizes), 1, squeeze=False, height_ratios=sizes)[:, 0]
        figure.subplots_adjust(
            left=left, right=right, top=1 - 0.75 / height, bottom=0.55 / height, hspace=0.5
        )
        for axes, metric in zip(grid, metrics, strict=False):
            _forest(axes, table.filter(pl.col("metric") == metric))
            axes.set_xlabel(f"Improvement in {metric} ({_UNIT[metric]}); right is better")
        _verdict_key(figure)
        return svg_text(
            figure, "ablation", f"Forest plot of the improvement of each contrast, {label}"
        )


def _margins(table: pl.DataFrame) -> tuple[float, float]:
    """Edges of the axes that leave room for the longest name and the longest result."""
    rows = list(table.iter_rows(named=True))
    name = max((len(_name(row)) for row in rows), default=0)
    result = max((len(_result(row)) for row in rows), default=0)
    return min(0.4, (0.2 + 0.076 * name) / _WIDE), max(0.6, 1 - (0.2 + 0.068 * result) / _WIDE)


def _name(row: dict[str, Any]) -> str:
    return f"{row['contrast']}, {row['rate']:g}/s"


def _result(row: dict[str, Any]) -> str:
    return f"{estimate_text(row['estimate'], row['low'], row['high'])}  {row['verdict']}"


def _forest(axes: Any, table: pl.DataFrame) -> None:
    names = []
    for y, row in enumerate(table.iter_rows(named=True)):
        names.append(_name(row))
        colour = _VERDICT[row["verdict"]]
        axes.plot([row["margin"]] * 2, [y - 0.38, y + 0.38], color=INK, lw=0.9, ls=(0, (2, 1.5)))
        if row["estimate"] is None:
            continue
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [y, y], color=colour, lw=2)
        axes.scatter([row["estimate"]], [y], s=34, color=colour, zorder=3)
        axes.annotate(
            _result(row),
            (1.02, y),
            xycoords=("axes fraction", "data"),
            fontsize=8,
            color=INK,
            va="center",
            annotation_clip=False,
        )
    axes.axvline(0, color=GREY, lw=0.8, zorder=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    bare(axes)


def _verdict_key(figure: Any) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=colour, marker="o", lw=2) for colour in _VERDICT.values()]
    handles.append(Line2D([], [], color=INK, lw=0.9, ls=(0, (2, 1.5))))
    figure.legend(
        handles,
        [*_VERDICT, "margin"],
        loc="upper left",
        bbox_to_anchor=(0.0, 1 - 0.32 / figure.get_figheight()),
        ncols=4,
        columnspacing=1.2,
    )


def drift_figure(table: pl.DataFrame, *, label: str, slice_: str = "tier") -> str:
    """Return SVG: error of each predictor against the offered rate.

    Times and lengths are shown by their mean relative error (%). Quality is shown by its mean
    absolute error (0 to 1), as its relative error exists for the good answers alone.

    Args:
        table: rows of `drift_table`.
        label: where the numbers come from.
        slice_: "tier" or "arm", one line for each.
    """
    rows = _shown_errors(table.filter(pl.col("slice") == slice_))
    names = rows["name"].unique().sort().to_list()
    predictors = [name for name in PREDICTED if name in rows["predictor"].to_list()] or ["e2e"]
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
                axes.plot(line["rate"], line["shown"], **_line(i))
            axes.set_ylim(0, 1.12 * max(part["shown"].to_list(), default=1.0) or 1.0)
            axes.set_xticks(sorted(set(rows["rate"].to_list())))
            axes.set_xlabel("Rate (requests/s)")
            axes.set_ylabel(_ABSOLUTE if predictor == "quality" else _RELATIVE, labelpad=2)
        handles = [_handle(i) for i in range(len(names))]
        if names:
            figure.legend(
                handles, names, loc="upper left", bbox_to_anchor=(0.0, 1 - 0.26 / height),
                ncols=columns, columnspacing=1.2,
            )  # fmt: skip
        return svg_text(
            figure, "drift", f"Error of each predictor at each rate, by {slice_}, {label}"
        )


def _shown_errors(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with the error that the figure shows, as `shown`."""
    relative, absolute = 100 * pl.col("mape"), pl.col("mae")
    shown = pl.when(pl.col("predictor") == "quality").then(absolute).otherwise(relative)
    return rows.with_columns(shown.alias("shown")).drop_nulls("shown")


def _line(i: int) -> dict[str, Any]:
    """Colour and marker both tell lines apart, so that print in grey still works."""
    return {"color": PALETTE[i % len(PALETTE)], "marker": "os^Dv<>P"[i % 8], "ms": 4, "lw": 1.3}


def _handle(i: int) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], **_line(i))


def mix_figure(mix: pl.DataFrame, *, label: str) -> str:
    """Return SVG: shares (%) of the models that served each arm's requests, one panel per rate."""
    rates = mix["rate"].unique().sort().to_list()
    models = mix["model"].unique().sort().to_list()
    arms = mix["arm"].unique().sort().to_list()
    columns, more = key(models, _WIDE)
    height = 1.35 + 0.27 * max(1, len(arms)) + more
    with canvas(_WIDE, height, f"Which model served ({label})") as figure:
        grid = figure.subplots(1, max(1, len(rates)), squeeze=False, sharey=True)[0]
        figure.subplots_adjust(
            left=0.2, right=0.98, top=1 - (0.82 + more) / height, bottom=0.5 / height, wspace=0.12
        )
        for axes, rate in zip(grid, rates, strict=False):
            axes.set_title(f"{rate:g} requests/s")
            _stack(axes, mix.filter(pl.col("rate") == rate), arms, models)
        for axes in grid:
            axes.set_xlabel("Share of requests (%)")
        if models:
            figure.legend(
                [_patch(i) for i in range(len(models))], models, loc="upper left",
                bbox_to_anchor=(0.0, 1 - 0.28 / height), ncols=columns,
                columnspacing=1.2,
            )  # fmt: skip
        return svg_text(figure, "mix", f"Stacked shares of models for each arm and rate, {label}")


def _stack(axes: Any, mix: pl.DataFrame, arms: list[str], models: list[str]) -> None:
    share = {(row["arm"], row["model"]): 100 * row["share"] for row in mix.iter_rows(named=True)}
    left = [0.0] * len(arms)
    for i, model in enumerate(models):
        widths = [share.get((arm, model), 0.0) for arm in arms]
        axes.barh(
            range(len(arms)), widths, left=left, height=0.72, color=PALETTE[i % len(PALETTE)],
            edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_yticks(range(len(arms)), arms)
    axes.set_ylim(len(arms) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", ""])
    bare(axes)


def _patch(i: int) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=PALETTE[i % len(PALETTE)])


def reliability_figure(curves: dict[str, list[tuple[float, float, int]]], *, label: str) -> str:
    """Return SVG: observed against predicted quality (0 to 1), one line per model.

    Args:
        curves: model to bins of (mean predicted, mean observed, count); marker area shows the
            count.
        label: where the numbers come from.
    """
    most = max((count for bins in curves.values() for *_, count in bins), default=1)
    with canvas(_WIDE, 5.2, f"Reliability of predicted quality ({label})") as figure:
        axes = figure.subplots()
        figure.subplots_adjust(left=0.07, right=0.58, top=0.92, bottom=0.1)
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", zorder=1)
        for i, bins in enumerate(sorted(bins) for bins in curves.values()):
            style = _line(i)
            xs, ys, counts = ([point[k] for point in bins] for k in range(3))
            axes.plot(xs, ys, color=style["color"], lw=1.3)
            axes.scatter(
                xs, ys, s=[8 + 60 * count / most for count in counts], color=style["color"],
                marker=style["marker"], zorder=3,
            )  # fmt: skip
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), aspect="equal")
        axes.set_xlabel("Mean predicted quality (0 to 1)")
        axes.set_ylabel("Mean observed quality (0 to 1)")
        if curves:
            handles = [_handle(i) for i in range(len(curves))]
            figure.legend(
                handles, list(curves), loc="upper left", bbox_to_anchor=(0.6, 0.93),
                title="Marker area: rows of the bin", title_fontsize=8.5, alignment="left",
            )  # fmt: skip
        return svg_text(
            figure, "reliability", f"Observed against predicted quality per model, {label}"
        )
