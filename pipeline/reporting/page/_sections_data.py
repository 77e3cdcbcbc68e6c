"""Part on the data and on the registry."""

from typing import Any

import polars as pl

from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._format import number_text
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import labels_of

__all__ = ["data_part"]


def data_part(inputs: ReportInputs) -> Part:
    """Return prompts, splits, judgements and the registered predictors."""
    metrics = inputs.metrics
    responses = labels_of(inputs.tables["references"])
    return Part(
        "data",
        "Data and registry",
        [
            Section(
                "prompts",
                "Prompts",
                f"Source: {inputs.card['source']}.",
                pl.DataFrame(inputs.card["datasets"]),
            ),
            Section(
                "splits",
                "Splits and leakage",
                "Groups and near-copies are never split. Near pairs by cosine are reported, not "
                "moved.",
                _facts(metrics["dataset"] | metrics["embed"]),
            ),
            Section(
                "judgements",
                "Judgements",
                f"Labels come from the source {metrics['dataset']['quality_source']} alone.",
                _frame(metrics["judge"], "source/metric"),
                origin=Origin(responses),
            ),
            Section(
                "agreement",
                "Judge agreement",
                "Over all pairs of prompt and model that both sources have scored; by data set and "
                "by model in reports/agreement.csv.",
                inputs.tables["agreement"]
                .filter(pl.col("slice_kind") == "all")
                .drop("slice_kind", "slice"),
                origin=Origin(responses),
            ),
            Section(
                "judge_audit",
                "Language model judges",
                "What is known of each besides its scores: does it repeat itself, does it favour "
                "length, does it mind the order of two answers?",
                inputs.tables["judge_audit"],
                origin=Origin(responses),
            ),
            Section("registry", "Registered predictors", "", _registry(inputs.registry)),
        ],
    )


def _registry(entries: list[dict[str, Any]]) -> pl.DataFrame:
    rows = [
        {
            "name": entry["name"],
            "version": entry["version"],
            "alias": ", ".join(entry["aliases"]),
            "sha256": entry["model_sha256"][:16],
        }
        for entry in entries
    ]
    names = ("name", "version", "alias", "sha256")
    return pl.DataFrame(rows, schema=None if rows else dict.fromkeys(names, pl.String))


def _facts(values: dict[str, Any]) -> pl.DataFrame:
    """Single values in two columns; a mapping gives one row per entry."""
    rows = []
    for name, value in values.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        rows += [(f"{name}, {part}" if part else name, _fact(one)) for part, one in parts]
    texts = [(name.replace("_", " "), text) for name, text in rows]
    return pl.DataFrame(texts, schema={"what": pl.String, "value": pl.String}, orient="row")


def _fact(value: Any) -> str:
    return number_text(value) if isinstance(value, float) else str(value)


def _frame(rows: dict[str, dict[str, Any]], name: str) -> pl.DataFrame:
    table = [{name: key, **row} for key, row in rows.items()]
    return pl.DataFrame(table, infer_schema_length=None)
