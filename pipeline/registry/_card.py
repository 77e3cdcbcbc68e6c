"""What a user must know of a registered predictor, and of the data behind it, as markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.reporting.predictors import candidate_table, selected_name, slice_table

__all__ = ["data_card", "model_card"]

_METRICS = {
    "quality": ("brier", "ece", "auc_within_prompt", "regret", "gap_closed"),
    "length": ("pinball", "coverage", "width", "limit_error"),
    "latency": ("pinball", "mape", "coverage", "width"),
}
_PREDICTS = {
    "quality": "The quality, 0 to 1, that every model's answer to a prompt would get, with bounds "
    "on its mean.",
    "length": "The output tokens of every model's answer to a prompt, with bounds that cover the "
    "declared share.",
    "latency": "Seconds to the first token (ttft_s) and per further token (tpot_s) on an instance "
    "of every tier, from its state at dispatch, with bounds that cover the declared share.",
}
_USE = {
    "quality": "Input is `prompt_text`. Made to choose among the models of this fleet before one "
    "is asked. It rates no answer that has been given, and no model that it was not trained on.",
    "length": "Input is `prompt_text`. Made to predict time and cost before a model is asked, "
    "under the sampling that the training answers had.",
    "latency": "Input is the state of an instance and the tokens of a request. Made for the tiers "
    "it was trained on; another engine, card or limit of the batch needs another profile.",
}
_LIMITS = {
    "quality": "Labels come from one source and are noisy; a prompt unlike the training data gets "
    "about the mean of each model. Text beyond 256 tokens is not read by the encoder.",
    "length": "A change of the system prompt, of the sampling or of the token limit breaks the "
    "promise of the bounds, which hold on average over prompts and not for each kind of them.",
    "latency": "Its rows come from a profile of single instances; the bounds hold on average over "
    "the loads of that profile and not at each.",
}
_WORST = 8  # slices shown


def model_card(
    kind: str, scores: pl.DataFrame, rows: pl.DataFrame, params: Mapping[str, object]
) -> str:
    """The card of a predictor: use, data, scores with intervals, where it is weak, limits.

    Args:
        kind: quality, length or latency.
        scores: SCORES rows of its candidates.
        rows: DATASET or PROFILE rows that it was trained and judged on.
        params: its section of params.yaml.
    """
    labels = " + ".join(rows["label"].unique().sort())
    selected = selected_name(scores, kind)
    slices = slice_table(scores, kind, _METRICS[kind])
    return "\n".join(
        [
            f"# Predictor of {kind}",
            "",
            _PREDICTS[kind],
            "",
            f"Serves: `{selected}`. Options: {_options(params, selected)}.",
            "",
            "## Intended use",
            "",
            _USE[kind],
            "",
            "## Data",
            "",
            f"Rows are {labels}; the test part is used for the numbers below alone.",
            "",
            *_table(_counts(rows, "tier" if kind == "latency" else "dataset")),
            "",
            "## Candidates, on the test part",
            "",
            *_table(_intervals(candidate_table(scores, kind, _METRICS[kind]))),
            "",
            "## Where it is weak",
            "",
            f"The worst {_WORST} slices of the candidate that serves, the worst first.",
            "",
            *_table(_intervals(slices.head(_WORST))),
            "",
            "## Limits",
            "",
            _LIMITS[kind],
            "",
        ]
    )


def data_card(dataset: pl.DataFrame, prompts_card: Mapping[str, Any]) -> str:
    """The card of the data: rows per data set and split, who labelled them, licences.

    Args:
        dataset: DATASET rows.
        prompts_card: what stage prompts says of its source.
    """
    pairs = dataset.group_by("quality_source", "label").agg(
        pl.len().alias("pairs"), pl.col("quality").null_count().alias("without label"),
        pl.col("output_tokens").null_count().alias("without length"),
    )  # fmt: skip
    licences = pl.DataFrame(
        [
            {name: one[name] for name in ("dataset", "task", "licence", "prompts")}
            for one in prompts_card["datasets"]
        ]
    )
    return "\n".join(
        [
            "# Data of the predictors of quality and length",
            "",
            f"Prompts are {prompts_card['source']}. A pair is one prompt and one model.",
            "",
            "## Prompts by data set and split",
            "",
            *_table(_counts(dataset.unique("prompt_id"), "dataset")),
            "",
            "## Labels",
            "",
            *_table(pairs.sort("quality_source", "label")),
            "",
            "## Licences",
            "",
            *_table(licences),
            "",
            "Prompts of one group, and near-copies, are never on two sides of a split.",
            "",
        ]
    )


def _counts(rows: pl.DataFrame, by: str) -> pl.DataFrame:
    """How many rows each part has, by data set or tier."""
    part = "part" if "part" in rows.columns else "split"
    return rows.pivot(on=part, index=by, values=rows.columns[0], aggregate_function="len").select(
        by, *(name for name in ("train", "calibration", "validation", "test")
              if name in set(rows[part]))
    ).sort(by).fill_null(0)  # fmt: skip


def _options(params: Mapping[str, object], selected: str) -> str:
    """Those of all candidates, and of the one that serves."""
    shared = {key: value for key, value in params.items() if isinstance(value, int | float | str)}
    own = params.get(selected)
    told = shared | dict(own if isinstance(own, Mapping) else {})
    return ", ".join(f"{key} = {value}" for key, value in told.items())


def _intervals(table: pl.DataFrame) -> pl.DataFrame:
    """The three columns of every estimate as one text."""
    names = [name for name in table.columns if not name.endswith(("_low", "_high"))]
    rows = []
    for row in table.iter_rows(named=True):
        told = {}
        for name in names:
            low, high = row.get(f"{name}_low"), row.get(f"{name}_high")
            bounds = "" if low is None or high is None else f" ({low:.4g} to {high:.4g})"
            told[name] = f"{_said(row[name])}{bounds}"
        rows.append(told)
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String))


def _table(frame: pl.DataFrame) -> Sequence[str]:
    if frame.is_empty():
        return ["None."]
    rows = [[_said(value) for value in row] for row in frame.iter_rows()]
    return [
        f"| {' | '.join(frame.columns)} |",
        f"|{'---|' * frame.width}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _said(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
