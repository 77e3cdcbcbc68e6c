"""Lines of several names in one plot, apart in print as on a screen."""

from typing import Any

from pipeline.reporting.page._style import PALETTE

__all__ = ["line_handle", "line_style"]


def line_style(i: int) -> dict[str, Any]:
    """Colour and marker both tell lines apart, so that print in grey still works."""
    return {"color": PALETTE[i % len(PALETTE)], "marker": "os^Dv<>P"[i % 8], "ms": 4, "lw": 1.3}


def line_handle(i: int) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], **line_style(i))
