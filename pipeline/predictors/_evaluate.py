"""Predictors on the test split, beside the baselines a user would have without them."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._length import LengthModel
from pipeline.predictors._quality import QualityModel
from pipeline.predictors._train import Labelled
from pipeline.statistics import auc_within_prompt, brier, coverage, ece, pinball

__all__ = ["evaluate_length", "evaluate_quality", "reliability"]

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


def evaluate_length(model: LengthModel, test: Labelled) -> dict[str, Scores]:
    """Pinball loss and coverage per model and over all; the loss is the mean over three quantiles.

    Low, median and high bound are conformal on the calibration split; the loss is in tokens.
    """
    told, by_model = model.predict(test.prompts), {}
    for column, name in enumerate(model.models_):
        actual = test.values[:, column]
        known = ~np.isnan(actual)
        if known.any():
            ours = [part[known, column] for part in (told.low, told.median, told.high)]
            by_model[name] = _length_scores(actual[known], ours, model.level)
    return {"all": _average(by_model), **by_model}


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


def _length_scores(actual: Floats, quantiles: list[Floats], level: float) -> Scores:
    tail = (1 - level) / 2
    losses = [
        pinball(actual, values, q)
        for values, q in zip(quantiles, (tail, 0.5, 1 - tail), strict=True)
    ]
    inside = coverage(actual, quantiles[0], quantiles[2], level=0.95)
    return {
        "n": len(actual),
        "pinball": float(np.mean(losses)),
        "coverage": inside.estimate,
        "coverage_low": inside.low,
        "coverage_high": inside.high,
        "mean_width": float(np.mean(quantiles[2] - quantiles[0])),
    }


def _average(by_model: dict[str, Scores]) -> Scores:
    """Means over models, each weighted by its rows."""
    counts = np.array([scores["n"] for scores in by_model.values()], dtype=float)
    names = ("pinball", "coverage", "mean_width")
    pooled: Scores = {"n": int(counts.sum())}
    for name in names:
        values = np.array([scores[name] for scores in by_model.values()], dtype=float)
        pooled[name] = float((values * counts).sum() / counts.sum())
    return pooled
