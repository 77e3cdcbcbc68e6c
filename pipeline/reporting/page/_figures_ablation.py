"""Forest plots of the declared contrasts, family by family."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._format import estimate_text
from pipeline.reporting.page._style import AMBER, BLUE, GREY, INK, canvas

__all__ = ["forest_figure"]

_WIDE = 9.0  # inches
_VERDICT = {"supported": BLUE, "refuted": AMBER, "inconclusive": GREY}
# How metrics are called; a cost is drawn per 1000 requests.
_SPOKEN = {"e2e_s": "mean E2E", "e2e_p95_s": "p95 E2E", "ttft_s": "mean TTFT", "cost_usd": "cost"}
_THOUSAND = 1000.0


def forest_figure(table: pl.DataFrame, family: str, *, label: str) -> Drawing:
    """Draw the improvements of one family's contrasts, one panel per metric; right is better.

    The dashed tick of a row is the margin that decides it, on both sides of zero where the claim
    is equivalence. The shaded band is what two equal arms differ by (the A/A floor).
    """
    rows = table.filter(pl.col("family") == family)
    metrics = rows["metric"].unique(maintain_order=True).to_list()
    parts = [list(rows.filter(pl.col("metric") == one).iter_rows(named=True)) for one in metrics]
    sizes = [len(part) + 1.2 for part in parts] or [1.0]
    height = 0.85 + 0.34 * sum(sizes) + 0.75 * len(sizes)
    left = name_margin([_name(row) for part in parts for row in part], _WIDE)
    notes = max((len(_note(row)) for part in parts for row in part), default=0)
    with canvas(_WIDE, height, f"Contrasts: {family.replace('_', ' ')} ({label})") as figure:
        grid = figure.subplots(len(sizes), 1, squeeze=False, height_ratios=sizes)[:, 0]
        figure.subplots_adjust(
            left=left, right=max(left + 0.2, 1 - (0.2 + 0.068 * notes) / _WIDE),
            top=1 - 0.8 / height, bottom=0.55 / height, hspace=0.5,
        )  # fmt: skip
        for axes, part in zip(grid, parts, strict=False):
            _panel(axes, part)
        _key(figure)
        return drawn(
            figure, f"forest-{family}", f"Forest plot of the contrasts of {family}, {label}"
        )


def _panel(axes: Any, part: list[dict[str, Any]]) -> None:
    metric, unit, scale = part[0]["metric"], part[0]["unit"], _scale(part[0])
    if metric == "cost_usd":
        unit = "USD per 1000 requests"
    dots(axes, [_dot(row) for row in part])
    for y, row in enumerate(part):
        if row["kind"] == "equivalent":
            axes.plot([scale * row["margin"]] * 2, [y - 0.4, y + 0.4], **_DASH)
    axes.axvline(0, color=GREY, lw=0.8, zorder=1)
    axes.set_xlabel(f"Improvement in {_SPOKEN.get(metric, metric)} ({unit}); right is better")


_DASH: dict[str, Any] = {"color": INK, "lw": 0.9, "ls": (0, (2, 1.5))}


def _dot(row: Mapping[str, Any]) -> Dot:
    point, low, high = _ends(row)
    scale, floor = _scale(row), row["floor"]
    margin = scale * row["margin"]
    return Dot(
        _name(row),
        point,
        low,
        high,
        _VERDICT[row["verdict"]],
        note=_note(row),
        tick=margin if row["kind"] == "superior" else -margin,
        shade=None if floor is None else (-scale * floor, scale * floor),
    )


def _name(row: Mapping[str, Any]) -> str:
    where = "" if row["traffic"] == "steady" else f", {row['traffic']}"
    return f"{row['contrast']}{where}, {row['rate']:g}/s"


def _note(row: Mapping[str, Any]) -> str:
    return f"{estimate_text(*_ends(row))}  {row['verdict']}"


def _scale(row: Mapping[str, Any]) -> float:
    return _THOUSAND if row["metric"] == "cost_usd" else 1.0


def _ends(row: Mapping[str, Any]) -> list[float | None]:
    ends = (row[name] for name in ("estimate", "low", "high"))
    return [None if end is None else _scale(row) * end for end in ends]


def _key(figure: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [
        Line2D([], [], color=colour, marker="o", lw=2) for colour in _VERDICT.values()
    ]
    handles += [Line2D([], [], **_DASH), Patch(color="#E3E6EA")]
    figure.legend(
        handles, [*_VERDICT, "margin", "A/A floor"], loc="upper left",
        bbox_to_anchor=(0.0, 1 - 0.32 / figure.get_figheight()), ncols=5, columnspacing=1.2,
    )  # fmt: skip
