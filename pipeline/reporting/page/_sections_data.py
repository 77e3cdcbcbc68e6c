"""Parts on the predictors, on the data, and on the registry."""

from typing import Any

import polars as pl

from pipeline.reporting.page._context import Origin, Part, Section
from pipeline.reporting.page._format import number_text
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._origin import SPLIT, labels_of

__all__ = ["data_part", "predictors_part"]


def predictors_part(inputs: ReportInputs) -> Part:
    """Return what each predictor is worth beside its baseline."""
    metrics = inputs.metrics
    offline = labels_of(inputs.tables["references"])
    length = {f"{k}, {m}": v for k, part in metrics["length"].items() for m, v in part.items()}
    return Part(
        "predictors",
        "Predictors",
        [
            Section(
                "quality",
                "Quality predictor against its baselines",
                "Brier score and calibration error: lower is better. AUC within prompt: how often "
                "two models that did differently are ranked rightly; 0.5 is chance. Where the "
                "per-dataset mean is as good, routing by content gains nothing on these data.",
                _frame(metrics["quality"], "predictor"),
                ("reliability",),
                origin=Origin(offline, SPLIT),
            ),
            Section(
                "length",
                "Length predictor against the per-model mean",
                "Pinball loss in tokens, mean over three quantiles; coverage of the stated bounds.",
                _frame(length, "predictor, model"),
                origin=Origin(offline, SPLIT),
            ),
            Section(
                "latency",
                "Latency heads against the tier's median",
                "Mean absolute percentage error as a fraction, on runs that training did not see.",
                _frame(metrics["latency"], "head"),
                origin=Origin("simulated", SPLIT),
            ),
        ],
    )


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
                "",
                inputs.tables["agreement"],
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
