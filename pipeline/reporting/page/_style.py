"""The look of every figure."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "AMBER",
    "BLUE",
    "GREY",
    "INK",
    "PALETTE",
    "bare",
    "canvas",
    "key",
    "panels",
    "spread",
]

# Okabe and Ito's palette without its yellow, which is too pale for a line on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#7F7F7F", "#000000")
BLUE, AMBER, GREY, INK = "#0072B2", "#D55E00", "#8A8F98", "#22262B"
_RULE = "#DDE1E6"
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "routebalance",
    "pdf.fonttype": 42,
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


def key(names: list[str], width: float) -> tuple[int, float]:
    """Columns of a legend that fits into a width, and the inches its rows beyond the first take.

    Args:
        names: the entries; text at the legend's size is about 0.068 inches a character.
        width: what is there, in inches.
    """
    each = 0.55 + 0.068 * max(map(len, names), default=0)
    columns = max(1, min(len(names), int(width / each)))
    return columns, 0.19 * (-(-len(names) // columns) - 1 if names else 0)


def panels(
    figure: Any, count: int, across: int, *, top: float, bottom: float, left: float, gap: float
) -> list[Any]:
    """Return equal panels in rows, those of the last row that nobody needs taken away.

    Args:
        figure: from `canvas`.
        count: panels; at least one is made.
        across: at most in a row.
        top, bottom, left: margins in inches.
        gap: between two panels, in inches.
    """
    columns = min(across, max(1, count))
    rows = -(-max(1, count) // columns)
    width, height = figure.get_size_inches()
    grid = figure.subplots(rows, columns, squeeze=False)
    wide = (width - left - 0.15 - gap * (columns - 1)) / columns
    tall = (height - top - bottom - gap * (rows - 1)) / rows
    figure.subplots_adjust(
        left=left / width, right=1 - 0.15 / width, top=1 - top / height, bottom=bottom / height,
        wspace=gap / wide, hspace=gap / tall,
    )  # fmt: skip
    flat = list(grid.flat)
    for axes in flat[max(1, count) :]:
        axes.remove()
    return flat[: max(1, count)]


def bare(axes: Any) -> None:
    """Take the frame and the vertical ticks off, for rows that carry names."""
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def spread(axes: Any, values: list[float], which: str) -> None:
    """A logarithmic axis where a saturated arm would squeeze the others into a corner."""
    if not values or min(values) <= 0 or max(values) / min(values) <= 6:
        return
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set(**{f"{which}scale": "log"})
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
