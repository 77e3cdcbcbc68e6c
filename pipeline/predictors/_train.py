"""From the rows of earlier stages to what learners of quality and length see."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts

__all__ = ["Labelled", "labelled", "mean_costs"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Labelled:
    """n prompts of one split and one value per model.

    Attributes:
        prompt_ids, group_ids, datasets: n texts each.
        prompts: what learners see of them.
        values: (n, M), NaN unknown.
    """

    prompt_ids: list[str]
    group_ids: list[str]
    datasets: list[str]
    prompts: Prompts
    values: Floats

    def take(self, rows: NDArray[np.int64]) -> "Labelled":
        """The prompts of these rows, in this order."""
        ids, groups, datasets = (
            [names[row] for row in rows]
            for names in (self.prompt_ids, self.group_ids, self.datasets)
        )
        return Labelled(ids, groups, datasets, self.prompts.take(rows), self.values[rows])


def labelled(
    dataset: pl.DataFrame,
    embeddings: pl.DataFrame,
    prompts: pl.DataFrame,
    column: str,
    models: list[str],
    split: str,
) -> Labelled:
    """Lay out one column of DATASET rows as a matrix, prompts in id order.

    Args:
        dataset: DATASET rows.
        embeddings: EMBEDDINGS rows.
        prompts: PROMPTS rows.
        column: what is to be learned.
        models: columns of the matrix.
        split: whose rows.

    Raises:
        DataError: the split has no rows, or a prompt has no embedding or no text.
    """
    rows = dataset.filter(pl.col("split") == split)
    if not rows.height:
        raise DataError(f"the {split} split is empty; give it a larger share or more prompts")
    index = ["prompt_id", "group_id", "dataset"]
    wide = rows.pivot(on="model", index=index, values=column).sort("prompt_id")
    texts = prompts.select("prompt_id", "prompt_text")
    joined = wide.join(embeddings, on="prompt_id", how="left").join(
        texts, on="prompt_id", how="left"
    )
    for what in ("embedding", "prompt_text"):
        lacking = joined.filter(pl.col(what).is_null())
        if lacking.height:
            missing = what.removeprefix("prompt_")
            raise DataError(
                f"prompt {lacking['prompt_id'][0]!r} of the dataset has no {missing}; "
                "run `dvc repro embed`"
            )
    values = joined.select(pl.col(models).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    datasets = joined["dataset"].to_list()
    return Labelled(
        joined["prompt_id"].to_list(),
        joined["group_id"].to_list(),
        datasets,
        Prompts(
            joined["embedding"].to_numpy().astype(np.float32),
            tuple(joined["prompt_text"].to_list()),
            tuple(datasets),
        ),
        values.astype(np.float64),
    )


def mean_costs(dataset: pl.DataFrame, prices: Mapping[str, tuple[float, float]]) -> Floats:
    """Mean USD of a training request by model, (M,), at its known lengths.

    Args:
        dataset: DATASET rows.
        prices: USD per million prompt and output tokens, by model.

    Raises:
        DataError: a model has no training row with an output length.
    """
    rows = dataset.filter(pl.col("split") == "train")
    costs = []
    for model, (price_in, price_out) in prices.items():
        known = rows.filter((pl.col("model") == model) & pl.col("output_tokens").is_not_null())
        if not known.height:
            raise DataError(f"model {model!r} has no output length on the training split")
        spent = known["prompt_tokens"] * price_in + known["output_tokens"] * price_out
        costs.append(float(np.mean(spent.to_numpy())) * 1e-6)
    return np.array(costs)
