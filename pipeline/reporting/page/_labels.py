"""Names beside points, so placed that they cover little of each other."""

from typing import Any

import numpy as np

from pipeline.reporting.page._style import GREY, INK

__all__ = ["place_labels"]

# Points; corners first, since error bars run along the four straight directions.
_AROUND = [
    (7, 7), (-7, 7), (7, -7), (-7, -7), (0, 12), (0, -12), (10, 0), (-10, 0),
    (0, 18), (0, -18), (14, 16), (-14, 16), (14, -16), (-14, -16), (20, 26), (-20, 26),
    (20, -26), (-20, -26), (0, 30), (0, -30), (30, 38), (-30, 38), (30, -38), (-30, -38),
]  # fmt: skip


def place_labels(
    axes: Any,
    points: list[tuple[float, float, str]],
    *,
    size: float = 7.5,
    colours: list[str] | None = None,
) -> None:
    """Write each label near its point, where it covers least of other labels and points.

    Greedy over a fixed list of offsets: not optimal, but the same every time. Limits of the axes
    must be final. A label pushed away gets a thin line to its point.

    Args:
        axes: matplotlib axes.
        points: x, y in data units, and the text.
        size: font size in points.
        colours: of the texts; ink if None.
    """
    figure = axes.figure
    scale = 72.0 / figure.dpi
    frame = axes.get_window_extent().extents * scale
    spots = [axes.transData.transform((x, y)) * scale for x, y, _ in points]
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    for i, (x, y, text) in enumerate(points):
        reach = (0.56 * size * len(text), 1.15 * size)
        boxes = [_box(spots[i], offset, reach) for offset in _AROUND]
        others = taken[:i] + taken[i + 1 :]
        costs = [_covered(box, others, frame) + 0.02 * k for k, box in enumerate(boxes)]
        best = int(np.argmin(costs))
        taken.append(boxes[best])
        dx, dy = _AROUND[best]
        far = abs(dx) + abs(dy) > 17
        axes.annotate(
            text,
            (x, y),
            (dx, dy),
            textcoords="offset points",
            fontsize=size,
            color=colours[i] if colours else INK,
            ha="left" if dx > 0 else "right" if dx < 0 else "center",
            va="center",
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": GREY} if far else None,
            zorder=5,
        )


Box = tuple[float, float, float, float]


def _box(spot: Any, offset: tuple[int, int], reach: tuple[float, float]) -> Box:
    (x, y), (dx, dy), (width, height) = spot, offset, reach
    left = x + dx - (0 if dx > 0 else width if dx < 0 else width / 2)
    return left, y + dy - height / 2, left + width, y + dy + height / 2


def _covered(box: Box, others: list[Box], frame: Any) -> float:
    """Square points of overlap with the others, and ten for each point outside the frame."""
    hidden = sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in others
    )
    outside = (
        max(0.0, frame[0] - box[0])
        + max(0.0, box[2] - frame[2])
        + max(0.0, frame[1] - box[1])
        + max(0.0, box[3] - frame[3])
    )
    return float(hidden + 10 * outside)
