"""Rows of names with a point and its interval: the plain form of most results."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting.page._style import INK, bare

__all__ = ["Dot", "dots", "name_margin"]


@dataclass(frozen=True)
class Dot:
    """One row.

    Attributes:
        name: written at the left.
        estimate, low, high: point and interval; a row without a point stays empty.
        colour: of point and interval.
        filled: False draws an open point.
        note: written at the right.
        tick: a short dashed line across the row, for example a margin or a target.
        shade: from and to of a grey band across the row, for example a noise floor.
    """

    name: str
    estimate: float | None
    low: float | None
    high: float | None
    colour: str
    filled: bool = True
    note: str = ""
    tick: float | None = None
    shade: tuple[float, float] | None = None


def dots(axes: Any, rows: Sequence[Dot]) -> None:
    """Draw rows from the top down, their names on the vertical axis."""
    for y, row in enumerate(rows):
        if row.shade is not None:
            axes.fill_betweenx([y - 0.4, y + 0.4], *row.shade, color="#E3E6EA", lw=0, zorder=1)
        if row.tick is not None:
            axes.plot([row.tick] * 2, [y - 0.4, y + 0.4], color=INK, lw=0.9, ls=(0, (2, 1.5)))
        if row.estimate is not None:
            _point(axes, y, row)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.margins(x=0.06)
    axes.locator_params(axis="x", nbins=6)
    bare(axes)


def _point(axes: Any, y: int, row: Dot) -> None:
    if row.low is not None and row.high is not None:
        axes.plot([row.low, row.high], [y, y], color=row.colour, lw=1.8, zorder=2)
    face = row.colour if row.filled else "white"
    axes.scatter([row.estimate], [y], s=28, facecolor=face, edgecolor=row.colour, zorder=3)
    if row.note:
        axes.annotate(
            row.note, (1.02, y), xycoords=("axes fraction", "data"), fontsize=8, color=INK,
            va="center", annotation_clip=False,
        )  # fmt: skip


def name_margin(names: Sequence[str], width: float, most: float = 0.42) -> float:
    """Share of a figure of this width (inches) that the longest name takes."""
    return min(most, (0.25 + 0.076 * max(map(len, names), default=0)) / width)
