"""The page's content: which figures and tables, in which order, with which words."""

from typing import Any

import polars as pl

from pipeline.params import Params
from pipeline.reporting.page._fidelity import fidelity_sections
from pipeline.reporting.page._figures_parts import (
    ablation_figure,
    drift_figure,
    mix_figure,
    reliability_figure,
)
from pipeline.reporting.page._figures_plane import cost_quality_figure, frontier_figure
from pipeline.reporting.page._format import number_text
from pipeline.reporting.page._headline import headline
from pipeline.reporting.page._html import ReportContext, ReportSection
from pipeline.reporting.page._inputs import ReportInputs
from pipeline.reporting.page._views import (
    baseline_view,
    contrast_view,
    operating_points_view,
    reference_view,
)

__all__ = ["compose", "draw"]

_SPLIT = "test"
_LABELS = {
    "simulated": "requests served by the engine on its virtual clock",
    "emulated": "responses written by emulated models",
    "recorded": "responses and labels recorded from real models",
    "live": "measured on real servers",
}


def draw(inputs: ReportInputs, params: Params) -> dict[str, str]:
    """Return the figures as SVG texts by name."""
    tables = inputs.tables
    served, offline = (_labels(tables[name]) for name in ("cells", "references"))
    label = f"{served}, {_SPLIT} split"
    both = f"arms {served}, references {offline}, {_SPLIT} split"
    rates = sorted(params.loadtest.rates)
    curves = {
        str(model): list(part.select("predicted", "observed", "count").iter_rows())
        for (model,), part in tables["reliability"].group_by("model", maintain_order=True)
    }
    return {
        "frontier": frontier_figure(tables["cells"], tables["frontier"], label=label),
        "cost_quality": cost_quality_figure(
            tables["references"], tables["cells"], rates[len(rates) // 2], label=both
        ),
        "mix": mix_figure(tables["mix"], label=label),
        "ablation": ablation_figure(tables["ablation"], label=label),
        "drift": drift_figure(tables["drift"], label=label),
        "reliability": reliability_figure(curves, label=f"{offline}, {_SPLIT} split"),
    }


def compose(
    inputs: ReportInputs, params: Params, figures: dict[str, str], provenance: dict[str, Any]
) -> ReportContext:
    """Put the page together."""
    served, offline = (_labels(inputs.tables[name]) for name in ("cells", "references"))
    shown = [name for name in _LABELS if name in f"{served} {offline}"]
    return ReportContext(
        title=params.report.title,
        labels={name: _LABELS[name] for name in shown},
        headline=headline(inputs, params),
        headline_badges=[served, f"{_SPLIT} split"],
        figures=figures,
        tables=[
            *_results(inputs, params),
            *_predictors(inputs),
            *fidelity_sections(inputs),
            *_data(inputs, offline),
        ],
        provenance=provenance,
        methods=_methods(params),
    )


def _labels(*tables: pl.DataFrame) -> str:
    """Where the rows of some tables come from, for example "emulated + simulated"."""
    found = {one for table in tables for text in table["label"] for one in text.split(" + ")}
    return " + ".join(sorted(found))


def _results(inputs: ReportInputs, params: Params) -> list[ReportSection]:
    tables = inputs.tables
    cells, frontier = tables["cells"], tables["frontier"]
    references, differences = tables["references"], tables["differences"]
    common = {"label": _labels(cells), "split": _SPLIT}
    return [
        ReportSection(
            "Quality, latency and cost",
            "Mean E2E counts from the scheduled time. An arm is on the frontier of its rate when "
            "no other is at least as good in quality, mean E2E and cost and better in one. "
            "Oracles see the labels; they are bounds, not policies.",
            operating_points_view(cells, frontier),
            "frontier",
            **common,
        ),
        ReportSection(
            "Against references that read no prompt",
            "Single models, their random mixtures and two oracles on the test prompts, without "
            "load. The best single model and the dataset oracle were chosen on validation. The "
            "line of the figure is what mixing single models at random attains at that cost.",
            reference_view(references),
            "cost_quality",
            label=_labels(references),
            split=_SPLIT,
        ),
        ReportSection(
            f"Every arm against {params.frontier.baseline}",
            "Arm minus baseline. Quality and cost are paired by request and resampled by group; "
            "latency is paired by replication. These intervals are not adjusted for their number; "
            "the declared contrasts below are.",
            baseline_view(differences),
            **common,
        ),
        ReportSection(
            "Declared contrasts",
            "The rule stood in params.yaml before the run: supported if the interval lies above "
            "the margin and Holm's P is below alpha; refuted if it lies below the margin; "
            "inconclusive otherwise.",
            contrast_view(tables["ablation"]),
            "ablation",
            **common,
        ),
        *_published(inputs),
        ReportSection("Which model served", "", None, "mix", **common),
        ReportSection(
            "All cells",
            "Every arm, rate and metric with its interval, method and counts.",
            cells.drop("label"),
            **common,
        ),
    ]


def _published(inputs: ReportInputs) -> list[ReportSection]:
    """Nothing where params.yaml declares no claim."""
    claims, cells = inputs.tables["published"], inputs.tables["published_cells"]
    if claims.is_empty():
        return []
    return [
        ReportSection(
            "Published orderings beside ours",
            "Ratio of the mean E2E of the faster arm to that of the slower one, as published and "
            "here (paired over seeds). Their fleet, models and prompts were others, so the order "
            "is compared and not the seconds.",
            claims.drop("label"),
            label=_labels(claims),
            split=_SPLIT,
        ),
        ReportSection(
            "Cells of that comparison",
            "The mix is in percent of the models in the order of their names; router s is the mean "
            "time from the schedule to the decision.",
            cells.drop("label"),
            label=_labels(cells),
            split=_SPLIT,
        ),
    ]


def _predictors(inputs: ReportInputs) -> list[ReportSection]:
    metrics, drift = inputs.metrics, inputs.tables["drift"]
    offline = _labels(inputs.tables["references"])
    length = {f"{k}, {m}": v for k, part in metrics["length"].items() for m, v in part.items()}
    return [
        ReportSection(
            "Quality predictor against its baselines",
            "Brier score and calibration error: lower is better. AUC within prompt: how often two "
            "models that did differently are ranked rightly; 0.5 is chance. Where the per-dataset "
            "mean is as good, routing by content gains nothing on these data.",
            _frame(metrics["quality"], "predictor"),
            "reliability",
            label=offline,
            split=_SPLIT,
        ),
        ReportSection(
            "Length predictor against the per-model mean",
            "Pinball loss in tokens, mean over three quantiles; coverage of the stated bounds.",
            _frame(length, "predictor, model"),
            label=offline,
            split=_SPLIT,
        ),
        ReportSection(
            "Latency heads against the tier's median",
            "Mean absolute percentage error as a fraction, on runs that training did not see.",
            _frame(metrics["latency"], "head"),
            label="simulated",
            split=_SPLIT,
        ),
        ReportSection(
            "Predictor error under load",
            "Predictions stored with every request, against what happened to it. The relative "
            "error rests on the rows whose actual value is above 0, counted as n mape.",
            drift.drop("label"),
            "drift",
            label=_labels(drift),
            split=_SPLIT,
        ),
        ReportSection(
            "What the router believed of its instances",
            "State of the chosen instance when the batch was decided: believed minus true.",
            inputs.tables["state"].drop("label"),
            label=_labels(inputs.tables["state"]),
            split=_SPLIT,
        ),
    ]


def _data(inputs: ReportInputs, responses: str) -> list[ReportSection]:
    metrics = inputs.metrics
    registry = pl.DataFrame(
        [
            {
                "name": entry["name"],
                "version": entry["version"],
                "alias": ", ".join(entry["aliases"]),
                "sha256": entry["model_sha256"][:16],
            }
            for entry in inputs.registry
        ]
    )
    return [
        ReportSection(
            "Prompts", f"Source: {inputs.card['source']}.", pl.DataFrame(inputs.card["datasets"])
        ),
        ReportSection(
            "Splits and leakage",
            "Groups and near-copies are never split. Near pairs by cosine are reported, not moved.",
            _facts(metrics["dataset"] | metrics["embed"]),
        ),
        ReportSection(
            "Judgements",
            f"Labels come from the source {metrics['dataset']['quality_source']} alone.",
            _frame(metrics["judge"], "source/metric"),
            label=responses,
        ),
        ReportSection("Judge agreement", "", inputs.tables["agreement"], label=responses),
        ReportSection("Registered predictors", "", registry),
    ]


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


def _methods(params: Params) -> list[str]:
    load = params.loadtest
    return [
        f"Load: Poisson arrivals at exactly the named rates, {load.requests} requests a cell, the "
        f"first {load.warmup_requests} left out; {len(load.seeds)} replications that share "
        "arrivals and prompts across arms (common random numbers).",
        "Quality and cost: BCa bootstrap over groups of prompts. Latency: Student t over "
        "replications, because requests of one run share a queue.",
        "Score of the fused arms: w_q * quality - w_l * E2E / "
        f"{load.scales.latency_s:g} s - w_c * cost / {load.scales.cost_usd:g} USD.",
        "The router is a server of finite rate: "
        f"{load.router.costs['encode'].base_ms:g} ms + "
        f"{load.router.costs['encode'].per_request_ms:g} ms a request for arms that read the "
        "prompt, unless they name another cost.",
    ]
