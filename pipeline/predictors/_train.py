"""From the rows of earlier stages to trained predictors."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.fleet import limits_of
from pipeline.fleet.steptime import step_time
from pipeline.params import LatencyParams, TierParams
from pipeline.predictors._analytic import AnalyticTimes
from pipeline.predictors._contract import Prompts
from pipeline.predictors._features import OBSERVED, latency_features
from pipeline.predictors._latency import TARGETS, Head, LatencyModel
from pipeline.predictors.calibration import RatioBounds

__all__ = ["Labelled", "labelled", "profile_features", "train_latency", "untrained_times"]

Floats = NDArray[np.float64]

_QUEUE_MODEL = tuple(name for name in OBSERVED if name != "kv_utilisation")


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


def profile_features(rows: pl.DataFrame) -> NDArray[np.float32]:
    """Build the serving features of PROFILE rows, (n, F)."""
    observed = (rows[name].to_numpy().astype(np.float64) for name in OBSERVED)
    return latency_features(*observed)


def train_latency(
    profile: pl.DataFrame, tiers: Mapping[str, TierParams], params: LatencyParams, seed: int
) -> LatencyModel:
    """Train the TTFT and TPOT head of every tier on PROFILE rows, split by run.

    The untrained sources, the static prior and the analytic model, are calibrated on the same rows
    as the heads.

    Raises:
        DataError: a tier has no rows, or too few calibration rows.
    """
    heads: dict[str, dict[str, Head]] = {}
    for tier in tiers:
        rows = profile.filter(pl.col("tier") == tier)
        if not rows.height:
            raise DataError(f"the profile has no rows of tier {tier!r}; run `dvc repro profile`")
        heads[tier] = {target: _head(rows, target, params, seed) for target in TARGETS}
    told = untrained_times(profile.filter(pl.col("part") == "calibration"), tiers)
    untrained: dict[str, dict[str, dict[str, RatioBounds]]] = {}
    for (source, tier, target), (actual, predicted) in told.items():
        bound = RatioBounds.fit(actual, predicted, params.level)
        untrained.setdefault(source, {}).setdefault(tier, {})[target] = bound
    return LatencyModel(heads, untrained)


def untrained_times(
    rows: pl.DataFrame, tiers: Mapping[str, TierParams]
) -> dict[tuple[str, str, str], tuple[Floats, Floats]]:
    """Actual and predicted seconds of the static prior and of the analytic model on PROFILE rows.

    By source, tier and target; rows without an actual time are left out.
    """
    found = {}
    for tier, params in tiers.items():
        model = AnalyticTimes.of([step_time(params)], [limits_of(params)])
        static = (params.static_ttft_ms * 1e-3, params.static_tpot_ms * 1e-3)
        for place, target in enumerate(TARGETS):
            known = rows.filter((pl.col("tier") == tier) & pl.col(target).is_not_null())
            actual = known[target].to_numpy()
            observed = [known[name].to_numpy().astype(np.float64) for name in _QUEUE_MODEL]
            alone = np.zeros(len(actual), dtype=np.int64)
            found["static", tier, target] = actual, np.full(len(actual), static[place])
            found["analytic", tier, target] = actual, model.predict(alone, *observed)[place]
    return found


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
