"""Small figures that MLflow shows beside a run: reliability, and learning curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from pipeline.rows import LEARNING, RELIABILITY
from pipeline.schema import read_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures_of"]


def figures_of(kind: str, folder: Path) -> dict[str, "Figure"]:
    """Figures of a predictor from the tables of its stage, by name."""
    curves = read_rows(folder / f"{kind}_learning.parquet", LEARNING)
    found = {"learning": _learning(curves.filter(pl.col("dataset") == "all"))}
    if kind == "quality":
        bins = read_rows(folder / "quality_reliability.parquet", RELIABILITY)
        found["reliability"] = _reliability(bins.filter(pl.col("model") == "all"))
    return found


def _reliability(bins: pl.DataFrame) -> "Figure":
    """Observed against predicted quality of every candidate, all models together."""
    figure = _figure()
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="grey", lw=1, ls="--")
    for (candidate,), rows in bins.partition_by(
        "candidate", as_dict=True, maintain_order=True
    ).items():
        axes.plot(rows["predicted"], rows["observed"], marker="o", ms=3, lw=1, label=candidate)
    axes.set(xlabel="Mean predicted quality (0 to 1)", ylabel="Mean observed quality (0 to 1)")
    axes.legend(fontsize=7)
    return figure


def _learning(curves: pl.DataFrame) -> "Figure":
    """The first metric of the curves against the size of the training data, with intervals."""
    metric = curves["metric"][0] if curves.height else ""
    rows = curves.filter((pl.col("metric") == metric) & pl.col("estimate").is_not_null())
    figure = _figure()
    axes = figure.subplots()
    parts = rows.sort("trained_on").partition_by("candidate", as_dict=True, maintain_order=True)
    for (candidate,), part in parts.items():
        points = part["estimate"]
        below = (points - part["low"].fill_null(points)).to_numpy()
        above = (part["high"].fill_null(points) - points).to_numpy()
        _bars(axes, part["trained_on"].to_list(), points.to_list(), [below, above], str(candidate))
    axes.set(xlabel="Training rows", ylabel=f"{metric} (test split)")
    axes.legend(fontsize=7)
    return figure


def _bars(
    axes: object, at: Sequence[int], points: Sequence[float], errors: object, label: str
) -> None:
    axes.errorbar(at, points, yerr=errors, marker="o", ms=3, lw=1, capsize=2, label=label)  # type: ignore[attr-defined]


def _figure() -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(6.0, 4.0), dpi=110, layout="constrained")
