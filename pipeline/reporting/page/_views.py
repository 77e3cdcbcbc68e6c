"""The long tables as people read them: one row per system, one column per metric."""

from collections.abc import Mapping

import polars as pl

from pipeline.reporting.page._format import estimate_text

__all__ = [
    "baseline_view",
    "cells_for_reading",
    "contrast_view",
    "operating_points_view",
    "reference_view",
]

# metric: heading and the factor that its unit asks for
Headings = Mapping[str, tuple[str, float]]
_COST = ("cost, USD per 1000 requests", 1000.0)
_POINTS: Headings = {
    "quality": ("quality, 0 to 1", 1.0),
    "e2e_s": ("mean E2E, s", 1.0),
    "e2e_p95_s": ("p95 E2E, s", 1.0),
    "cost_usd": _COST,
}
_DIFFERENCES: Headings = {
    "quality": ("quality, 0 to 1", 1.0),
    "e2e_s": ("mean E2E, s", 1.0),
    "cost_usd": _COST,
}


def cells_for_reading(cells: pl.DataFrame, metrics: Mapping[str, str]) -> pl.DataFrame:
    """Return the long table of operating points as text, one column per metric.

    Args:
        cells: rows of `cell_table`.
        metrics: metric name to the heading of its column, for example {"e2e_s": "E2E, s"}.
    """
    headings = {metric: (heading, 1.0) for metric, heading in metrics.items()}
    wide = _by_metric(cells, ["arm", "rate"], headings)
    return wide.join(_failed(cells), on=["arm", "rate"], how="left", maintain_order="left")


def operating_points_view(cells: pl.DataFrame, frontier: pl.DataFrame) -> pl.DataFrame:
    """Return one row per rate and arm: frontier member or not, its numbers, what is missing."""
    keys = ["rate", "arm"]
    unknown = cells.filter(pl.col("metric") == "quality").select(
        *keys, pl.col("missing").alias("quality missing")
    )
    members = frontier.select(*keys, pl.col("on_frontier").alias("frontier"))
    wide = members.join(_by_metric(cells, keys, _POINTS), on=keys, how="left")
    for counts in (_failed(cells), unknown):
        wide = wide.join(counts, on=keys, how="left")
    return wide.sort(keys)


def baseline_view(differences: pl.DataFrame) -> pl.DataFrame:
    """Return one row per rate and arm: arm minus baseline in each metric."""
    keys = ["rate", "arm"]
    wide = _by_metric(differences, keys, _DIFFERENCES)
    counts = differences.group_by(keys).agg(
        _of("n", "quality").alias("pairs"),
        _of("n", "e2e_s").alias("runs"),
        _of("missing", "quality").alias("pairs missing"),
    )
    return wide.join(counts, on=keys, how="left").sort(keys)


def reference_view(references: pl.DataFrame) -> pl.DataFrame:
    """Return one row per reference: quality, cost, and whether it is a corner of the hull."""
    keys = ["reference"]
    headings = {"quality": _POINTS["quality"], "cost_usd": _COST}
    counts = references.group_by(keys).agg(
        _of("n", "quality").alias("prompts"),
        _of("clusters", "quality").alias("clusters"),
        pl.col("dropped_prompts").first(),
        _of("missing", "cost_usd").alias("cost missing"),
    )
    first = references.unique("reference", keep="first", maintain_order=True)
    return (
        first.select("reference", "model", pl.col("on_hull").alias("on the hull"))
        .join(_by_metric(references, keys, headings), on=keys, how="left", maintain_order="left")
        .join(counts, on=keys, how="left", maintain_order="left")
    )


def contrast_view(ablation: pl.DataFrame) -> pl.DataFrame:
    """Return the declared contrasts with their verdict before the details."""
    return ablation.select(
        "contrast",
        pl.concat_str("better", pl.lit(" over "), "worse").alias("claim"),
        "rate",
        "verdict",
        pl.concat_str("metric", pl.lit(" ("), "unit", pl.lit(")")).alias("metric"),
        pl.col("estimate").alias("improvement"),
        pl.col("low").alias("improvement_low"),
        pl.col("high").alias("improvement_high"),
        "margin",
        _p_value("p_adjusted").alias("P, Holm"),
        pl.col("clusters").alias("clusters or runs"),
        "missing",
    )


def _p_value(column: str) -> pl.Expr:
    """Three decimals; smaller ones than that are not told apart."""
    value = pl.col(column).cast(pl.Float64)
    text = value.round(3).map_elements(lambda p: f"{p:.3f}", return_dtype=pl.String)
    return pl.when(value < 0.001).then(pl.lit("< 0.001")).otherwise(text)


def _of(column: str, metric: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("metric") == metric).first()


def _failed(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.group_by("arm", "rate").agg(pl.col("failed").max())


def _by_metric(table: pl.DataFrame, keys: list[str], headings: Headings) -> pl.DataFrame:
    """One row per key, one text column per metric, sorted by rate and arm where there are any."""
    order = [key for key in ("rate", "arm") if key in keys] or keys
    rows = []
    for values, part in table.sort(order, maintain_order=True).group_by(keys, maintain_order=True):
        found = {point["metric"]: point for point in part.iter_rows(named=True)}
        texts = {
            heading: _text(found.get(metric), factor)
            for metric, (heading, factor) in headings.items()
        }
        rows.append(dict(zip(keys, values, strict=True)) | texts)
    names = [*keys, *(heading for heading, _ in headings.values())]
    schema = {name: table.schema[name] if name in keys else pl.String() for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _text(point: Mapping[str, float | None] | None, factor: float) -> str:
    ends = [point[name] for name in ("estimate", "low", "high")] if point else [None] * 3
    return estimate_text(*(None if end is None else factor * end for end in ends))
