"""Labels of the data set with what each answer costs, and the best model by them."""

from collections.abc import Mapping

import polars as pl

from pipeline.errors import DataError, UnknownNameError

__all__ = ["CHOSEN_ON", "EVALUATED", "best_model", "complete_prompts", "priced"]

EVALUATED, CHOSEN_ON = "test", "validation"


def priced(dataset: pl.DataFrame, prices: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    """Add cost_usd: what each answer costs, USD; null where its length is unknown.

    Raises:
        UnknownNameError: a model has no price.
    """
    for model in dataset["model"].unique().sort():
        if model not in prices:
            raise UnknownNameError("model", model, prices, "the prices of the fleet")
    per_token = pl.DataFrame(
        [(model, *pair) for model, pair in prices.items()],
        schema={"model": pl.String, "price_in": pl.Float64, "price_out": pl.Float64},
        orient="row",
    )
    spent = pl.col("prompt_tokens") * pl.col("price_in") + pl.col("output_tokens") * pl.col(
        "price_out"
    )
    return dataset.join(per_token, on="model", how="left").with_columns(
        (spent / 1e6).alias("cost_usd")
    )


def complete_prompts(rows: pl.DataFrame, split: str) -> tuple[pl.DataFrame, int]:
    """Rows of the prompts of a split that every model has a quality for; how many were dropped.

    Raises:
        DataError: there are none.
    """
    models = rows["model"].n_unique()
    part = rows.filter(pl.col("split") == split)
    kept = part.filter(pl.col("quality").count().over("prompt_id") == models)
    if kept.is_empty():
        raise DataError(
            f"no prompt of the {split} split has a quality from each of the {models} models; "
            "label more answers or widen the split"
        )
    dropped = part["prompt_id"].n_unique() - kept["prompt_id"].n_unique()
    return kept.sort("prompt_id", "model"), dropped


def best_model(validation: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """The model of the best mean quality (per key); among ties the cheapest, then by name."""
    ranked = (
        validation.group_by(*keys, "model")
        .agg(pl.col("quality").mean(), pl.col("cost_usd").mean())
        .sort(
            *keys,
            pl.col("quality").round(12),
            "cost_usd",
            "model",
            descending=[*[False] * len(keys), True, False, False],
            nulls_last=True,
        )
    )
    first = ranked.unique(keys, keep="first", maintain_order=True) if keys else ranked.head(1)
    return first.select(*keys, "model")
