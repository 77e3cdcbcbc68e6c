"""Every way to learn quality that params declare, trained alike, and the one that serves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.params import QualityParams
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._train import Labelled
from pipeline.predictors.learners import Knn
from pipeline.predictors.learners.quality import (
    Blend,
    Boosted,
    DatasetMean,
    Kernel,
    Kmeans,
    Logistic,
    LowRank,
    Ridge,
    TorchHead,
    TunedHead,
)
from pipeline.predictors.quality._model import QualityModel
from pipeline.predictors.quality._selection import select_quality

__all__ = [
    "QualityCandidates",
    "fit_qualities",
    "fit_quality",
    "quality_learner",
    "train_qualities",
]

Floats = NDArray[np.float64]

_SEEDED: dict[str, Callable[..., Learner[Prompts]]] = {
    "kmeans": Kmeans,
    "low_rank": LowRank,
    "kernel": Kernel,
    "xgboost": Boosted,
    "torch_head": TorchHead,
    "tuned_head": TunedHead,
}
_PLAIN: dict[str, Callable[..., Learner[Prompts]]] = {
    "dataset_mean": DatasetMean,
    "knn": Knn,
    "knn_wide": Knn,
    "ridge": Ridge,
    "logistic": Logistic,
}


@dataclass(frozen=True)
class QualityCandidates:
    """Calibrated candidates, by name.

    Attributes:
        fitted: one model each, the reference first.
        selected: the one that serves.
    """

    fitted: Mapping[str, QualityModel]
    selected: str

    @property
    def serving(self) -> QualityModel:
        """The selected one."""
        return self.fitted[self.selected]


def quality_learner(name: str, params: QualityParams, seed: int) -> Learner[Prompts]:
    """An untrained candidate with the options that params give it."""
    if name == "blend" and params.blend is not None:
        return Blend({part: quality_learner(part, params, seed) for part in params.blend.parts})
    section = getattr(params, name, None)
    options = {} if section is None else section.model_dump()
    return _SEEDED[name](**options, seed=seed) if name in _SEEDED else _PLAIN[name](**options)


def train_qualities(
    models: list[str], train: Labelled, calibration: Labelled, params: QualityParams, seed: int
) -> dict[str, QualityModel]:
    """Every candidate, trained and calibrated, by name; the reference comes first.

    Args:
        models: the M names, in column order.
        train, calibration: labels (n, M).
        params: the candidates.
        seed: of what trains by chance.

    Raises:
        DataError: a model has no label on a split.
    """
    fitted: dict[str, QualityModel] = {}
    for name in params.candidates:
        if name == "blend" and params.blend is not None:  # its parts compete, so they are trained
            parts = Blend({part: fitted[part].learner for part in params.blend.parts}).joined()
            model = QualityModel(parts, params.level, params.calibration)
            model.models_ = list(models)
            fitted[name] = model.calibrate(
                calibration.prompts, calibration.values, train.values, calibration.group_ids
            )
        else:
            learner = quality_learner(name, params, seed)
            fitted[name] = fit_quality(learner, models, train, calibration, params)
    return fitted


def fit_quality(
    learner: Learner[Prompts],
    models: list[str],
    train: Labelled,
    calibration: Labelled,
    params: QualityParams,
) -> QualityModel:
    """Train one learner on labels (N, M) and calibrate it on others (C, M), NaN unknown.

    Raises:
        DataError: a model has no label on one of the two splits.
    """
    return QualityModel(learner, params.level, params.calibration).fit(
        models,
        train.prompts,
        train.values,
        calibration.prompts,
        calibration.values,
        calibration.group_ids,
    )


def fit_qualities(
    models: list[str],
    train: Labelled,
    calibration: Labelled,
    validation: Labelled,
    cost: Floats,
    params: QualityParams,
    seed: int,
) -> QualityCandidates:
    """Train and calibrate every candidate, and select by the validation split.

    Args:
        models, train, calibration, params, seed: as in `train_qualities`.
        validation: labels (n, M).
        cost: (M,) mean cost of a request.

    Raises:
        DataError: a model has no label on a split, or no prompt to select by has all of them.
    """
    fitted = train_qualities(models, train, calibration, params, seed)
    if params.learner != "auto":
        return QualityCandidates(fitted, params.learner)
    told = {name: model.predict(validation.prompts).mean for name, model in fitted.items()}
    return QualityCandidates(fitted, select_quality(told, validation, cost, seed))
