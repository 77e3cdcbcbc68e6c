"""From the rows of earlier stages to what learners of quality and length see."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts

__all__ = ["Labelled", "labelled"]

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
