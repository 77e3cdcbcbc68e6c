"""Predictors on the test split, beside the baselines a user would have without them."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._quality import QualityModel
from pipeline.predictors._train import Labelled
from pipeline.statistics import auc_within_prompt, brier, ece

__all__ = ["evaluate_quality", "reliability"]

Floats = NDArray[np.float64]
Scores = dict[str, float | int | None]


def evaluate_quality(model: QualityModel, train: Labelled, test: Labelled) -> dict[str, Scores]:
    """Brier, ECE and within-prompt AUC of k-NN (raw and calibrated) and of two means.

    The per-dataset mean is each model's mean label on the training prompts of the same dataset,
    the global mean its mean over all of them.
    """
    candidates = {
        "knn_calibrated": model.predict(test.prompts).mean,
        "knn_raw": model.raw(test.prompts),
        "dataset_mean": _dataset_means(train, test),
        "global_mean": np.tile(np.nanmean(train.values, axis=0), (len(test.prompt_ids), 1)),
    }
    return {name: _quality_scores(values, test) for name, values in candidates.items()}


def reliability(model: QualityModel, test: Labelled) -> pl.DataFrame:
    """Reliability bins per model on the test split: model, predicted, observed, count."""
    predicted = model.predict(test.prompts).mean
    rows = []
    for column, name in enumerate(model.models_):
        known = ~np.isnan(test.values[:, column])
        _, bins = ece(predicted[known, column], test.values[known, column])
        rows += [(name, b.mean_predicted, b.mean_observed, b.count) for b in bins]
    return pl.DataFrame(rows, schema=["model", "predicted", "observed", "count"], orient="row")


def _dataset_means(train: Labelled, test: Labelled) -> Floats:
    overall = np.nanmean(train.values, axis=0)
    means: Mapping[str, Floats] = {
        name: _mean_or(train.values[np.array(train.datasets) == name], overall)
        for name in set(train.datasets)
    }
    return np.array([means.get(name, overall) for name in test.datasets])


def _mean_or(values: Floats, otherwise: Floats) -> Floats:
    known = ~np.isnan(values)
    counts = known.sum(axis=0)
    sums = np.where(known, values, 0.0).sum(axis=0)
    mean: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), otherwise)
    return mean


def _quality_scores(predicted: Floats, test: Labelled) -> Scores:
    known = ~np.isnan(test.values)
    prompts = np.repeat(np.arange(len(test.prompt_ids)), test.values.shape[1])[known.ravel()]
    scores, labels = predicted[known], test.values[known]
    auc, prompts_counted = auc_within_prompt(scores, labels, prompts)
    return {
        "n": len(labels),
        "missing": int((~known).sum()),
        "brier": brier(scores, labels),
        "ece": ece(scores, labels)[0],
        "auc_within_prompt": auc,
        "prompts_in_auc": prompts_counted,
    }
