"""How the quality predictor grows with its training data."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import QualityParams
from pipeline.predictors._rows import nested_share
from pipeline.predictors._train import Labelled
from pipeline.predictors.quality._candidates import (
    QualityCandidates,
    fit_quality,
    quality_learner,
)
from pipeline.predictors.quality._routing import regrets_of
from pipeline.predictors.quality._routing_scores import LEVEL, RESAMPLES
from pipeline.rows import LEARNING
from pipeline.statistics import mean_intervals
from pipeline.streams import stream

__all__ = ["quality_learning"]

Floats = NDArray[np.float64]

_SHARES = (0.1, 0.25, 0.5, 1.0)
_REFERENCE = "knn"


def quality_learning(
    candidates: QualityCandidates,
    train: Labelled,
    calibration: Labelled,
    test: Labelled,
    cost: Floats,
    params: QualityParams,
    label: str,
    seed: int,
) -> pl.DataFrame:
    """LEARNING rows: Brier score and routing regret after growing shares of the training groups.

    Of the selected candidate and of k-NN where it competes, on the test split, over all prompts and
    by data set. Each is calibrated on the whole calibration split. A share that leaves a model
    without a label is left out.
    """
    models = candidates.serving.models_
    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys((candidates.selected, _REFERENCE)):
        if name not in candidates.fitted:
            continue
        for share in _SHARES:
            chosen = nested_share(train.group_ids, share)
            part = train.take(chosen)
            if not len(chosen) or np.isnan(part.values).all(axis=0).any():
                continue
            model = candidates.fitted[name]
            if share < 1.0:
                learner = quality_learner(name, params, seed)
                model = fit_quality(learner, models, part, calibration, params)
            told = model.predict(test.prompts).mean
            rng = stream(seed, "quality learning", name, share)
            who = {"predictor": "quality", "candidate": name, "share": share, "label": label}
            rows += [who | found for found in _rows(told, test, cost, part.datasets, rng)]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.select(pl.col(name).cast(kind) for name, kind in LEARNING.polars().items())


def _rows(
    told: Floats, test: Labelled, cost: Floats, trained: list[str], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Both metrics for every data set of the test split, and for all of them."""
    known = ~np.isnan(test.values)
    squared = np.where(known, (told - test.values) ** 2, 0.0).sum(axis=1)
    counts = known.sum(axis=1)
    losses = {
        "brier": np.where(counts > 0, squared / np.maximum(counts, 1), np.nan),
        "regret": np.where(known.all(axis=1), regrets_of(told, test.values, cost), np.nan),
    }
    datasets = np.array(test.datasets)
    names = ["all", *sorted(set(test.datasets))]
    cells = [(name, metric) for name in names for metric in losses]
    table = np.column_stack(
        [
            np.where((datasets == name) | (name == "all"), losses[metric], np.nan)
            for name, metric in cells
        ]
    )
    found = mean_intervals(table, test.group_ids, level=LEVEL, resamples=RESAMPLES, rng=rng)
    seen = np.array(trained)
    return [
        {
            "dataset": name,
            "trained_on": len(seen) if name == "all" else int((seen == name).sum()),
            "metric": metric,
            **estimate.as_row(),
            "missing": int(np.sum((datasets == name) | (name == "all"))) - estimate.n,
        }
        for (name, metric), estimate in zip(cells, found, strict=True)
    ]
