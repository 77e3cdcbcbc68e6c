"""Every way to learn lengths that params declare, trained alike, and the one that serves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.errors import DataError
from pipeline.params import LengthParams
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._train import Labelled
from pipeline.predictors.learners import Knn
from pipeline.predictors.learners.length import Buckets, ModelMean, QuantileHead, QuantileXgboost
from pipeline.predictors.length._loss import pinball_losses
from pipeline.predictors.length._model import LengthModel

__all__ = ["LengthCandidates", "fit_lengths", "length_learner"]


@dataclass(frozen=True)
class LengthCandidates:
    """Calibrated candidates, by name.

    Attributes:
        fitted: one model each; references come first.
        selected: the one that serves.
        losses: mean pinball loss on the validation split, tokens.
    """

    fitted: Mapping[str, LengthModel]
    selected: str
    losses: Mapping[str, float]

    @property
    def serving(self) -> LengthModel:
        """The selected one."""
        return self.fitted[self.selected]


def length_learner(name: str, params: LengthParams, seed: int) -> Learner[Prompts]:
    """An untrained candidate with the options that params give it."""
    section = getattr(params, name, None)
    options = {} if section is None else section.model_dump()
    makers: dict[str, Callable[[], Learner[Prompts]]] = {
        "model_mean": ModelMean,
        "knn": lambda: Knn(**options),
        "quantile_xgboost": lambda: QuantileXgboost(**options, seed=seed),
        "buckets": lambda: Buckets(**options, seed=seed),
        "quantile_head": lambda: QuantileHead(**options, seed=seed),
    }
    return makers[name]()


def fit_lengths(
    models: list[str],
    train: Labelled,
    calibration: Labelled,
    validation: Labelled,
    params: LengthParams,
    seed: int,
) -> LengthCandidates:
    """Train and calibrate every candidate, and select by the validation split.

    `auto` is the least mean pinball loss of the calibrated quantiles, over all known pairs; the
    simpler candidate, which comes first, where two are equal.

    Args:
        models: the M names, in column order.
        train, calibration, validation: lengths in tokens, (n, M) or, with repeats, (n, M, R).
        params: the candidates.
        seed: of what trains by chance.

    Raises:
        DataError: a model has no known length, too few to calibrate, or none to select by.
    """
    fitted = {
        name: LengthModel(length_learner(name, params, seed), params.level).fit(
            models, train.prompts, train.values, calibration.prompts, calibration.values
        )
        for name in params.candidates
    }
    if np.isnan(validation.values).all():
        raise DataError("the validation split has no known output length to select by")
    told = {name: model.predict(validation.prompts) for name, model in fitted.items()}
    losses = {
        name: float(np.nanmean(pinball_losses(one, validation.values)))
        for name, one in told.items()
    }
    best = min(losses, key=lambda name: losses[name])
    return LengthCandidates(fitted, best if params.learner == "auto" else params.learner, losses)
