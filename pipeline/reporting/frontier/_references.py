"""What routing is measured against, straight from the labels: no queue, no router."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from pipeline.reporting.frontier._priced import (
    CHOSEN_ON,
    EVALUATED,
    best_model,
    complete_prompts,
    priced,
)
from pipeline.reporting.rows import ESTIMATE_SCHEMA, METRIC_UNITS, joined_labels
from pipeline.statistics import Estimate, mean_interval, mixture_hull, small_mean_interval
from pipeline.streams import stream

__all__ = ["offline_references"]

REFERENCE_SCHEMA: dict[str, Any] = {
    "reference": pl.String,
    "model": pl.String,
    "metric": pl.String,
    "unit": pl.String,
    **ESTIMATE_SCHEMA,
    "dropped_prompts": pl.Int64,
    "on_hull": pl.Boolean,
    "split": pl.String,
    "label": pl.String,
}


_FEW = 100  # prompts below which bootstrap intervals are too short (Bowyer et al. 2025)


def offline_references(
    dataset: pl.DataFrame,
    prices: Mapping[str, tuple[float, float]],
    *,
    level: float,
    resamples: int,
    seed: int,
) -> pl.DataFrame:
    """Return quality (0 to 1) and cost (USD per request) of the references on the test split.

    Args:
        dataset: DATASET rows.
        prices: USD per million (prompt, output) tokens of every model.
        level, resamples, seed: of the bootstrap over `group_id`; the quality of fewer than 100
            independent prompts gets the interval of `small_mean_interval`.

    The references are each single model; the best single one and the best one per dataset
    ("dataset_oracle"), both chosen by mean quality on the validation split so that their test
    figures are not flattered; the uniform mixture of all models; and the best model per prompt
    ("query_oracle", cheapest among ties), which reads the test labels. A dataset that validation
    lacks gets the best single model. Only prompts where every model has a quality are used;
    `dropped_prompts` counts the others. Answers of unknown length have no cost: they are left out
    of the cost and counted in `missing`. `on_hull` marks the single models at the corners of the
    random-mixture hull (cost, quality), null for the other references: between two corners, mixing
    them at random reaches every point on the line.

    Raises:
        UnknownNameError: a model has no price.
        DataError: no prompt of the test or validation split has a quality from every model.
    """
    told = priced(dataset, prices)
    test, dropped = complete_prompts(told, EVALUATED)
    validation, _ = complete_prompts(told, CHOSEN_ON)
    rows = []
    for name, (model, picked) in _references(test, validation).items():
        shared = {"reference": name, "model": model, "dropped_prompts": dropped}
        for metric in ("quality", "cost_usd"):
            rng = stream(seed, "reporting", "references", name, metric)
            found = _interval(picked, metric, level, resamples, rng)
            rows.append(
                {**shared, "metric": metric, "unit": METRIC_UNITS[metric], **found.as_row()}
            )
    labels = {"split": pl.lit(EVALUATED), "label": pl.lit(joined_labels(test))}
    later = {*labels, "on_hull"}
    plain = {name: kind for name, kind in REFERENCE_SCHEMA.items() if name not in later}
    table = _with_hull(pl.DataFrame(rows, schema=plain, orient="row"))
    return table.with_columns(**labels).select(*REFERENCE_SCHEMA)


def _interval(
    picked: pl.DataFrame, metric: str, level: float, resamples: int, rng: np.random.Generator
) -> Estimate:
    """Mean over prompts; few prompts that share nothing get an interval that needs no many."""
    known = picked.filter(pl.col(metric).is_not_null())
    values, groups = known[metric].to_numpy().astype(np.float64), known["group_id"]
    missing = picked.height - known.height
    if metric == "quality" and groups.n_unique() == known.height < _FEW:
        return replace(small_mean_interval(values, level), missing=missing)
    return mean_interval(
        values, groups.to_list(), level=level, resamples=resamples, rng=rng, missing=missing
    )


def _references(
    test: pl.DataFrame, validation: pl.DataFrame
) -> dict[str, tuple[str | None, pl.DataFrame]]:
    """Name of each reference, its model if it has one, and its rows: one per prompt of `test`."""
    models = test["model"].unique().sort().to_list()
    singles: dict[str, tuple[str | None, pl.DataFrame]] = {
        f"single:{model}": (model, test.filter(pl.col("model") == model)) for model in models
    }
    best = best_model(validation, [])["model"].item()
    return singles | {
        "best_single": (best, test.filter(pl.col("model") == best)),
        "random_mixture": (None, _mixture(test)),
        "dataset_oracle": (None, _per_dataset(test, validation, best)),
        "query_oracle": (None, _per_prompt(test)),
    }


def _with_hull(table: pl.DataFrame) -> pl.DataFrame:
    """Add `on_hull`; null where a single model lacks a quality or a cost, too."""
    singles = (
        table.filter(pl.col("reference").str.starts_with("single:"))
        .pivot("metric", index="reference", values="estimate")
        .drop_nulls()
    )
    if singles.is_empty():
        return table.with_columns(on_hull=pl.lit(None, pl.Boolean))
    corners = set(zip(*mixture_hull(singles["cost_usd"], singles["quality"]), strict=True))
    points = zip(singles["cost_usd"], singles["quality"], strict=True)
    mask = pl.Series("on_hull", [point in corners for point in points], pl.Boolean)
    return table.join(
        singles.select("reference", mask), on="reference", how="left", maintain_order="left"
    )


def _mixture(test: pl.DataFrame) -> pl.DataFrame:
    """Expected quality and cost of a model drawn uniformly; no cost where one answer has none."""
    # Lists, because a grouped mean takes its sum in an order that varies by thread.
    answers = test.group_by("prompt_id", maintain_order=True).agg(
        pl.col("group_id").first(), pl.col("quality", "cost_usd")
    )
    costs = pl.col("cost_usd").list
    return answers.with_columns(
        pl.col("quality").list.mean(),
        pl.when(~costs.eval(pl.element().is_null()).list.any())
        .then(costs.mean())
        .alias("cost_usd"),
    )


def _per_dataset(test: pl.DataFrame, validation: pl.DataFrame, best: str) -> pl.DataFrame:
    chosen = best_model(validation, ["dataset"]).rename({"model": "chosen"})
    return (
        test.join(chosen, on="dataset", how="left")
        .with_columns(pl.col("chosen").fill_null(best))
        .filter(pl.col("model") == pl.col("chosen"))
    )


def _per_prompt(test: pl.DataFrame) -> pl.DataFrame:
    return test.sort(
        "prompt_id",
        "quality",
        "cost_usd",
        "model",
        descending=[False, True, False, False],
        nulls_last=True,
    ).unique("prompt_id", keep="first", maintain_order=True)
