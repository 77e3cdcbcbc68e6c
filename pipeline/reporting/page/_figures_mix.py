"""Which model served."""

from typing import Any

import polars as pl

from pipeline.reporting.page._drawing import Drawing, drawn
from pipeline.reporting.page._style import PALETTE, bare, canvas, key

__all__ = ["mix_figure"]

_WIDE = 9.0  # inches


def mix_figure(mix: pl.DataFrame, *, label: str) -> Drawing:
    """Draw shares (%) of the models that served each arm's requests, one panel per rate."""
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
        return drawn(figure, "mix", f"Stacked shares of models for each arm and rate, {label}")


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
