"""The prompts of a load test: what is believed of them and what is true."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors import LengthModel, Prompts, QualityModel
from pipeline.scheduling import Estimates, Estimator, Learned

__all__ = ["Workload", "best_model", "make_workload"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Workload:
    """n prompts of one split and M models.

    Attributes:
        prompt_ids, group_ids, datasets: n texts each.
        estimates: beliefs, rows in the same order.
        output_tokens: actual tokens, (n, M).
        output_sources: how those were counted, n rows of M texts.
        quality: labels, (n, M), NaN unknown.
        best_single: model with the best mean label on the validation split.
        worth: what the learned router of an arm makes of each model, (n, M), by arm.
    """

    prompt_ids: list[str]
    group_ids: list[str]
    datasets: list[str]
    estimates: Estimates
    output_tokens: NDArray[np.int64]
    output_sources: list[list[str]]
    quality: Floats
    best_single: str
    worth: Mapping[str, Floats] = field(default_factory=dict)

    def estimates_for(self, arm: str) -> Estimates:
        """The beliefs that an arm holds, with its learned router's where it has one."""
        return replace(self.estimates, worth=self.worth.get(arm))

    def updated(self, model: int, like: int) -> "Workload":
        """The same prompts and beliefs where one model answers as another one does."""
        columns = list(range(self.quality.shape[1]))
        columns[model] = like
        return replace(
            self,
            output_tokens=self.output_tokens[:, columns],
            output_sources=[[row[column] for column in columns] for row in self.output_sources],
            quality=self.quality[:, columns],
        )


def make_workload(
    dataset: pl.DataFrame,
    embeddings: pl.DataFrame,
    quality: QualityModel,
    length: LengthModel,
    prices: dict[str, tuple[float, float]],
    texts: Mapping[str, str],
    learned: Mapping[str, Learned] | None = None,
    split: str = "test",
) -> Workload:
    """Lay out a split for a load test.

    Args:
        dataset: DATASET rows of all splits.
        embeddings: EMBEDDINGS rows of every prompt.
        quality, length: trained predictors of the same models.
        prices: USD per million prompt and output tokens, by model.
        texts: of the prompts, by id.
        learned: the learned router of every arm that has one.
        split: whose prompts are asked.

    Raises:
        DataError: a model of the fleet has no rows or is unknown to a predictor, or a prompt of
            the split has no output length.
    """
    models = list(prices)
    estimator = Estimator(quality, length, prices)
    asked = dataset.filter(pl.col("split") == split)
    prompts = asked.unique("prompt_id", maintain_order=True).sort("prompt_id")
    ids = prompts["prompt_id"].to_list()
    tokens = _matrix(asked, "output_tokens", ids, models)
    if np.isnan(tokens).any():
        row, column = np.argwhere(np.isnan(tokens))[0]
        raise DataError(
            f"no output length of {models[column]!r} for {split} prompt {ids[row]!r}; "
            "every pair of a load test needs one"
        )
    vectors = prompts.select("prompt_id").join(embeddings, on="prompt_id", how="left")
    embedded, read = vectors["embedding"].to_numpy(), [texts[name] for name in ids]
    validation = dataset.filter(pl.col("split") == "validation")
    labels = _matrix(asked, "quality", ids, models)
    estimates = replace(
        estimator.estimate(
            Prompts(embedded, tuple(read)), prompts["prompt_tokens"].to_numpy().astype(np.float64)
        ),
        oracle_quality=labels,
        dataset_quality=_by_dataset(validation, prompts["dataset"].to_list(), models),
    )
    return Workload(
        prompt_ids=ids,
        group_ids=prompts["group_id"].to_list(),
        datasets=prompts["dataset"].to_list(),
        estimates=estimates,
        output_tokens=tokens.astype(np.int64),
        output_sources=_texts(asked, ids, models),
        quality=labels,
        best_single=best_model(validation, models),
        worth={arm: one.worth(embedded, read) for arm, one in (learned or {}).items()},
    )


def _matrix(rows: pl.DataFrame, column: str, ids: list[str], models: list[str]) -> Floats:
    wide = rows.select("prompt_id", "model", pl.col(column).cast(pl.Float64)).pivot(
        on="model", index="prompt_id", values=column
    )
    for model in models:
        if model not in wide.columns:
            known = ", ".join(sorted(set(wide.columns) - {"prompt_id"}))
            raise DataError(f"the dataset has no rows of model {model!r}; it has {known}")
    ordered = pl.DataFrame({"prompt_id": ids}).join(wide, on="prompt_id", how="left")
    values: Floats = ordered.select(models).fill_null(np.nan).to_numpy().astype(np.float64)
    return values


def _texts(rows: pl.DataFrame, ids: list[str], models: list[str]) -> list[list[str]]:
    found = {
        (prompt, model): source
        for prompt, model, source in rows.select(
            "prompt_id", "model", "output_tokens_source"
        ).iter_rows()
    }
    return [[found[prompt, model] for model in models] for prompt in ids]


def _by_dataset(validation: pl.DataFrame, datasets: list[str], models: list[str]) -> Floats:
    means = {
        (dataset, model): mean
        for dataset, model, mean in validation.group_by("dataset", "model")
        .agg(pl.col("quality").mean())
        .iter_rows()
    }
    overall = dict(validation.group_by("model").agg(pl.col("quality").mean()).iter_rows())
    rows = []
    for dataset in datasets:
        known = [means.get((dataset, model)) for model in models]
        rows.append(
            [overall[m] if mean is None else mean for mean, m in zip(known, models, strict=True)]
        )
    return np.array(rows, dtype=np.float64)


def best_model(validation: pl.DataFrame, models: list[str]) -> str:
    """The model with the best mean label on DATASET rows; DataError where none has a label."""
    means = dict(
        validation.group_by("model").agg(pl.col("quality").mean()).drop_nulls().iter_rows()
    )
    if not means:
        raise DataError("the validation split has no quality label, so no best single model")
    return max(models, key=lambda model: means.get(model, -1.0))
