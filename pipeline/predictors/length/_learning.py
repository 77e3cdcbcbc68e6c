"""How the length predictor grows with its training data."""

from typing import Any

import numpy as np
import polars as pl

from pipeline.params import LengthParams
from pipeline.predictors._rows import nested_share
from pipeline.predictors._train import Labelled
from pipeline.predictors.length._candidates import LengthCandidates, length_learner
from pipeline.predictors.length._loss import pinball_losses
from pipeline.predictors.length._model import LengthModel
from pipeline.predictors.length._scores import LEVEL, RESAMPLES
from pipeline.rows import LEARNING
from pipeline.statistics import mean_intervals
from pipeline.streams import stream

__all__ = ["length_learning"]

_SHARES = (0.1, 0.25, 0.5, 1.0)
_REFERENCE = "knn"


def length_learning(
    candidates: LengthCandidates,
    train: Labelled,
    calibration: Labelled,
    test: Labelled,
    params: LengthParams,
    label: str,
    seed: int,
) -> pl.DataFrame:
    """LEARNING rows: pinball loss on the test split after growing shares of the training groups.

    Of the selected candidate and of k-NN where it competes. Each is calibrated on the whole
    calibration split. A share that leaves a model without a known length is left out.
    """
    models = candidates.serving.models_
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys((candidates.selected, _REFERENCE)):
        if name not in candidates.fitted:
            continue
        for share in _SHARES:
            chosen = nested_share(train.group_ids, share)
            part, lengths = train.prompts.take(chosen), train.values[chosen]
            if any(np.isnan(lengths[:, column]).all() for column in range(len(models))):
                continue
            model = candidates.fitted[name]
            if share < 1.0:
                model = LengthModel(length_learner(name, params, seed), params.level).fit(
                    models, part, lengths, calibration.prompts, calibration.values
                )
            trained = pl.Series([train.datasets[row] for row in chosen], dtype=pl.String)
            rows += _rows(model, test, trained, {"candidate": name, "share": share}, label, seed)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.select(pl.col(name).cast(kind) for name, kind in LEARNING.polars().items())


def _rows(
    model: LengthModel,
    test: Labelled,
    trained: pl.Series,
    who: dict[str, Any],
    label: str,
    seed: int,
) -> list[dict[str, Any]]:
    """One row per data set of the test split, and one for all."""
    losses = pinball_losses(model.predict(test.prompts), test)
    datasets = np.array(test.datasets)
    names = ["all", *sorted(set(test.datasets))]
    masks = [(datasets == name) | (name == "all") for name in names]
    table = np.column_stack([np.where(mask[:, None], losses, np.nan).ravel() for mask in masks])
    found = mean_intervals(
        table,
        np.repeat(np.array(test.group_ids), losses.shape[1]),
        level=LEVEL,
        resamples=RESAMPLES,
        rng=stream(seed, "length learning", who["candidate"], who["share"]),
    )
    return [
        {
            "predictor": "length",
            **who,
            "dataset": name,
            "trained_on": len(trained) if name == "all" else int((trained == name).sum()),
            "metric": "pinball",
            **estimate.as_row(),
            "missing": int(mask.sum()) * losses.shape[1] - estimate.n,
            "label": label,
        }
        for name, mask, estimate in zip(names, masks, found, strict=True)
    ]
