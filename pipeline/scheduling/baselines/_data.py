"""From the rows of earlier stages to what routers learn from."""

from collections.abc import Mapping

import polars as pl

from pipeline.predictors import labelled
from pipeline.scheduling.baselines._base import RouterData

__all__ = ["router_data"]


def router_data(
    dataset: pl.DataFrame,
    embeddings: pl.DataFrame,
    prompts: pl.DataFrame,
    prices: Mapping[str, tuple[float, float]],
    split: str,
) -> RouterData:
    """Lay out one split, prompts in id order.

    Args:
        dataset: DATASET rows.
        embeddings: EMBEDDINGS rows.
        prompts: PROMPTS rows.
        prices: USD per million (prompt, output) tokens by model, in fleet order.
        split: its name.

    Raises:
        DataError: the split has no rows, or a prompt has no embedding or no text.
    """
    models = list(prices)
    price_in, price_out = (
        pl.col("model").replace_strict({name: pair[i] for name, pair in prices.items()})
        for i in (0, 1)
    )
    spent = pl.col("prompt_tokens") * price_in + pl.col("output_tokens") * price_out
    priced = dataset.filter(pl.col("model").is_in(models)).with_columns(
        (spent / 1e6).alias("cost_usd")
    )
    quality = labelled(priced, embeddings, prompts, "quality", models, split)
    cost = labelled(priced, embeddings, prompts, "cost_usd", models, split)
    return RouterData(
        models,
        quality.prompts.embeddings,
        quality.values,
        cost.values,
        list(quality.prompts.required_texts()),
    )
