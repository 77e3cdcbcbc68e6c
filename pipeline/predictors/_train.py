"""From the rows of earlier stages to trained predictors."""

from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import LatencyParams
from pipeline.predictors._features import OBSERVED, latency_features
from pipeline.predictors._latency import TARGETS, Head, LatencyModel

__all__ = ["Labelled", "labelled", "profile_features", "train_latency"]

Floats = NDArray[np.float64]


class Labelled:
    """Embeddings (n, d) and one value per model (n, M), NaN unknown, of one split."""

    def __init__(
        self, prompt_ids: list[str], datasets: list[str], embeddings: Floats, values: Floats
    ) -> None:
        self.prompt_ids = prompt_ids
        self.datasets = datasets
        self.embeddings = embeddings.astype(np.float32)
        self.values = values


def labelled(
    dataset: pl.DataFrame, embeddings: pl.DataFrame, column: str, models: list[str], split: str
) -> Labelled:
    """Lay out one column of DATASET rows as a matrix, prompts in id order.

    Raises:
        DataError: the split has no rows, or a prompt has no embedding.
    """
    rows = dataset.filter(pl.col("split") == split)
    if not rows.height:
        raise DataError(f"the {split} split is empty; give it a larger share or more prompts")
    wide = rows.pivot(on="model", index=["prompt_id", "dataset"], values=column).sort("prompt_id")
    joined = wide.join(embeddings, on="prompt_id", how="left")
    if joined["embedding"].null_count():
        raise DataError("a prompt of the dataset has no embedding; run `dvc repro embed`")
    values = joined.select(pl.col(models).cast(pl.Float64).fill_null(np.nan)).to_numpy()
    return Labelled(
        joined["prompt_id"].to_list(),
        joined["dataset"].to_list(),
        joined["embedding"].to_numpy(),
        values.astype(np.float64),
    )


def profile_features(rows: pl.DataFrame) -> NDArray[np.float32]:
    """Build the serving features of PROFILE rows, (n, F)."""
    observed = (rows[name].to_numpy().astype(np.float64) for name in OBSERVED)
    return latency_features(*observed)


def train_latency(
    profile: pl.DataFrame, tiers: Iterable[str], params: LatencyParams, seed: int
) -> LatencyModel:
    """Train the TTFT and TPOT head of every tier on PROFILE rows, split by run.

    Raises:
        DataError: a tier has no rows, or too few calibration rows.
    """
    heads: dict[str, dict[str, Head]] = {}
    for tier in tiers:
        rows = profile.filter(pl.col("tier") == tier)
        if not rows.height:
            raise DataError(f"the profile has no rows of tier {tier!r}; run `dvc repro profile`")
        heads[tier] = {target: _head(rows, target, params, seed) for target in TARGETS}
    return LatencyModel(heads)


def _head(rows: pl.DataFrame, target: str, params: LatencyParams, seed: int) -> Head:
    known = rows.filter(pl.col(target).is_not_null())
    train = known.filter(pl.col("part") == "train")
    calibration = known.filter(pl.col("part") == "calibration")
    return Head.fit(
        profile_features(train),
        train[target].to_numpy(),
        profile_features(calibration),
        calibration[target].to_numpy(),
        options={
            "max_depth": params.max_depth,
            "learning_rate": params.learning_rate,
            "min_child_weight": params.min_child_weight,
            "subsample": params.subsample,
        },
        rounds=params.rounds,
        level=params.level,
        seed=seed,
    )
