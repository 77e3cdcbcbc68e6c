"""The look of every figure, and its SVG text: equal inputs give equal bytes."""

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = [
    "AMBER",
    "BLUE",
    "GREY",
    "INK",
    "PALETTE",
    "bare",
    "canvas",
    "key",
    "place_labels",
    "svg_text",
]

# Okabe and Ito's palette without its yellow, which is too pale for a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F", "#000000")
BLUE, AMBER, GREY, INK = "#0072B2", "#D55E00", "#8A8F98", "#22262B"
_RULE = "#DDE1E6"
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "routebalance",
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.labelsize": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": _RULE,
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@contextmanager
def canvas(width: float, height: float, title: str) -> Iterator[Any]:
    """Yield a titled matplotlib figure of this size in inches, drawn in the house style.

    It belongs to no pyplot state, so figures leak nothing into each other.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height))
        figure.text(0.1 / width, 1 - 0.1 / height, title, fontsize=11, fontweight="bold", va="top")
        yield figure


def svg_text(figure: Any, name: str, description: str) -> str:
    """Return the figure as one <svg> element for inclusion in a page.

    Args:
        figure: from `canvas`, inside its block.
        name: prefix of every id, so that several figures can share a page.
        description: what a reader who cannot see it should know.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata=_NO_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    spoken = html.escape(description, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{spoken}" ', 1).strip() + "\n"


def key(names: list[str], width: float) -> tuple[int, float]:
    """Columns of a legend that fits into a width, and the inches its rows beyond the first take.

    Args:
        names: the entries; text at the legend's size is about 0.068 inches a character.
        width: what is there, in inches.
    """
    each = 0.55 + 0.068 * max(map(len, names), default=0)
    columns = max(1, min(len(names), int(width / each)))
    return columns, 0.19 * (-(-len(names) // columns) - 1 if names else 0)


def bare(axes: Any) -> None:
    """Take the frame and the vertical ticks off, for rows that carry names."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


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
