"""How reliable the predicted quality is."""

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._lines import line_handle, line_style
from pipeline.reporting.page._style import GREY, canvas

__all__ = ["reliability_figure"]

_WIDE = 9.0  # inches


def reliability_figure(curves: dict[str, list[tuple[float, float, int]]], *, label: str) -> Drawing:
    """Draw observed against predicted quality (0 to 1), one line per model.

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
            style = line_style(i)
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
            handles = [line_handle(i) for i in range(len(curves))]
            figure.legend(
                handles, list(curves), loc="upper left", bbox_to_anchor=(0.6, 0.93),
                title="Marker area: rows of the bin", title_fontsize=8.5, alignment="left",
            )  # fmt: skip
        return drawn(
            figure, "reliability", f"Observed against predicted quality per model, {label}"
        )
