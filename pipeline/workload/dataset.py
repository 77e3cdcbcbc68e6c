"""Labels and splits in one table: the only thing that predictors learn from."""

import polars as pl

from pipeline.errors import DataError, UnknownNameError
from pipeline.rows import DATASET
from pipeline.workload.splits import Splits

__all__ = ["make_dataset"]


def make_dataset(
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    judgements: pl.DataFrame,
    splits: Splits,
    quality_source: str,
) -> pl.DataFrame:
    """Join PROMPTS, RESPONSES and JUDGEMENTS into DATASET rows, one per prompt and model.

    The labels come from one quality source; where it gave several verdicts on a pair, the label is
    the mean of those that it did give. A pair without a label keeps a null.

    Raises:
        UnknownNameError: nobody judged under that source.
        DataError: the source judged some pair by more than one metric.
    """
    known = judgements["quality_source"].unique().to_list()
    if quality_source not in known:
        raise UnknownNameError("quality source", quality_source, known, "dataset.quality_source")
    labels = judgements.filter(pl.col("quality_source") == quality_source)
    pair = ["prompt_id", "model"]
    twice = labels.filter(pl.col("metric").n_unique().over(pair) > 1)
    if twice.height:
        raise DataError(
            f"quality source {quality_source!r} holds several metrics for prompt "
            f"{twice['prompt_id'][0]!r}: {', '.join(sorted(twice['metric'].unique()))}; "
            "different metrics are never averaged"
        )
    groups = prompts.select("prompt_id", "dataset").with_columns(
        pl.Series("group_id", splits.group_ids), pl.Series("split", splits.splits)
    )
    joined = responses.join(groups, on="prompt_id").join(
        labels.sort("score").group_by(pair).agg(pl.col("score").mean().alias("quality")),
        on=pair,
        how="left",
    )
    rows = joined.with_columns(pl.lit(quality_source).alias("quality_source"))
    return DATASET.check(rows.select(DATASET.names), "dataset").sort("prompt_id", "model")
