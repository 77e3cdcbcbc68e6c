"""Whether the bounds of the predictors hold as often as they promise."""

import polars as pl

from pipeline.reporting.page._dots import Dot, dots, name_margin
from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import AMBER, BLUE, canvas

__all__ = ["promised_figure"]

_WIDE = 9.0  # inches


def promised_figure(promises: pl.DataFrame, *, label: str) -> Drawing:
    """Draw the coverage of the bounds on the test split, per model, and per tier and target.

    The dashed tick of a row is the promised coverage, its grey band what counts as kept; amber
    lies outside of it.

    Args:
        promises: from `promise_table`.
        label: where the numbers come from.
    """
    rows = promises.filter(pl.col("promise") == "coverage")
    shown = [
        Dot(
            f"{row['predictor']}, {row['of']}", row["estimate"], row["low"], row["high"],
            BLUE if row["outcome"] == "kept" else AMBER, tick=row["promised"],
            shade=(row["at least"], row["at most"]),
        )
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip
    height = 1.2 + 0.25 * max(1, len(shown))
    with canvas(_WIDE, height, f"Coverage of the predictors' bounds ({label})") as figure:
        axes = figure.subplots()
        figure.subplots_adjust(
            left=name_margin([dot.name for dot in shown], _WIDE), right=0.97,
            top=1 - 0.45 / height, bottom=0.55 / height,
        )  # fmt: skip
        dots(axes, shown)
        axes.set_xlabel("Share of actual values inside the bounds (0 to 1); dashed: promised")
        spoken = f"Coverage of the bounds of length and latency on the test split, {label}"
        return drawn(figure, "promised", spoken)
