"""How the quality predictor grows with its training data."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import QualityParams
from pipeline.predictors._curve import learning_curve
from pipeline.predictors._train import Labelled
from pipeline.predictors.quality._candidates import (
    QualityCandidates,
    fit_quality,
    quality_learner,
)
from pipeline.predictors.quality._routing import regrets_of

__all__ = ["quality_learning"]

Floats = NDArray[np.float64]

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
    """LEARNING rows: Brier score and routing regret, as in `learning_curve`.

    Of the selected candidate and of k-NN where it competes, on the test split. Each is calibrated
    on the whole calibration split.
    """
    models = candidates.serving.models_

    def losses_after(name: str, part: Labelled | None) -> dict[str, Floats]:
        model = candidates.fitted[name]
        if part is not None:
            learner = quality_learner(name, params, seed)
            model = fit_quality(learner, models, part, calibration, params)
        return _losses(model.predict(test.prompts).mean, test, cost)

    shown = [n for n in dict.fromkeys((candidates.selected, _REFERENCE)) if n in candidates.fitted]
    return learning_curve("quality", shown, train, test, losses_after, label, seed)


def _losses(told: Floats, test: Labelled, cost: Floats) -> dict[str, Floats]:
    """Both metrics of every prompt, (n, 1)."""
    known = ~np.isnan(test.values)
    squared = np.where(known, (told - test.values) ** 2, 0.0).sum(axis=1)
    counts = known.sum(axis=1)
    brier = np.where(counts > 0, squared / np.maximum(counts, 1), np.nan)
    regret = np.where(known.all(axis=1), regrets_of(told, test.values, cost), np.nan)
    return {"brier": brier[:, None], "regret": regret[:, None]}
