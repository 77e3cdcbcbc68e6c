"""The long tables as people read them: one row per arm, one column per metric."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline.reporting.page._format import estimate_text
from pipeline.reporting.page._points import complete

__all__ = [
    "baseline_view",
    "definitions",
    "operating_points_view",
    "reference_view",
    "scored_view",
    "service_view",
]

# metric: heading and the factor that its unit asks for
Headings = Mapping[str, tuple[str, float]]
_COST = ("cost, USD per 1000 requests", 1000.0)
_POINTS: Headings = {
    "quality": ("quality, 0 to 1", 1.0),
    "e2e_s": ("mean E2E, s", 1.0),
    "e2e_p95_s": ("p95 E2E, s", 1.0),
    "cost_usd": _COST,
    "throughput_rps": ("throughput, requests/s", 1.0),
}
_DIFFERENCES: Headings = {
    "quality": ("quality, 0 to 1", 1.0),
    "e2e_s": ("mean E2E, s", 1.0),
    "cost_usd": _COST,
}


def operating_points_view(cells: pl.DataFrame, frontier: pl.DataFrame) -> pl.DataFrame:
    """Return one row per rate and arm: whether and how surely on the frontier, and its numbers."""
    keys = ["rate", "arm"]
    answered = complete(cells)
    unknown = answered.filter(pl.col("metric") == "quality").select(
        *keys, pl.col("missing").alias("quality missing")
    )
    # A share of some thousand draws: two decimals are what it is good for.
    chance = pl.col("membership").round(2)
    members = frontier.select(*keys, pl.col("on_frontier").alias("frontier"), chance)
    wide = members.join(_by_metric(answered, keys, _POINTS), on=keys, how="left")
    failed = answered.group_by(keys).agg(pl.col("failed").max())
    for counts in (failed, unknown):
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


def service_view(service: pl.DataFrame) -> pl.DataFrame:
    """Return one row per rate and arm, one column per metric with its unit."""
    return _by_metric(service, ["rate", "arm"], _headings(service))


def scored_view(field: pl.DataFrame, rate: float) -> pl.DataFrame:
    """Return one row per metric with its definition, one column per system, at one rate."""
    here = field.filter(pl.col("rate") == rate)
    systems = here["system"].unique(maintain_order=True).to_list()
    texts = {(row["metric"], row["system"]): _text(row, 1.0) for row in here.iter_rows(named=True)}
    found = definitions(here)
    columns = [
        pl.Series(
            system, [texts.get((metric, system), _text(None, 1.0)) for metric in found["metric"]]
        )
        for system in systems
    ]
    return found.select("metric", "definition", "better", *columns, "unit")


def definitions(table: pl.DataFrame) -> pl.DataFrame:
    """Return each metric of a table once, with its unit, direction and definition."""
    return table.select("metric", "unit", "better", "definition").unique(
        "metric", keep="first", maintain_order=True
    )


def _headings(table: pl.DataFrame) -> Headings:
    found = definitions(table).iter_rows(named=True)
    return {row["metric"]: (f"{row['metric']}, {row['unit']}", 1.0) for row in found}


def _of(column: str, metric: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("metric") == metric).first()


def _by_metric(table: pl.DataFrame, keys: Sequence[str], headings: Headings) -> pl.DataFrame:
    """One row per key, one text column per metric, sorted by rate and arm where there are any."""
    order = [key for key in ("rate", "arm") if key in keys] or list(keys)
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
