"""Ridge regression of labels on embeddings and surface."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners.quality._features import centre_of, prompt_features
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["Ridge", "ridge_weights"]

Floats = NDArray[np.float64]


class Ridge(ArrayLearner):
    """A linear function of the prompt for each model, drawn to that model's mean.

    Args:
        alpha: penalty on the squared weights.
    """

    name: ClassVar[str] = "ridge"
    arguments: ClassVar[tuple[str, ...]] = ("alpha",)
    arrays: ClassVar[tuple[str, ...]] = ("centre_", "middle_", "means_", "weights_")

    centre_: Floats
    middle_: Floats
    means_: Floats
    weights_: Floats

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        self.centre_ = centre_of(inputs)
        features = prompt_features(inputs, self.centre_)
        self.middle_ = features.mean(axis=0)
        self.means_ = column_means(values)
        self.weights_ = ridge_weights(features - self.middle_, values - self.means_, self.alpha)

    def predict(self, inputs: Prompts) -> Floats:
        features = prompt_features(inputs, self.centre_) - self.middle_
        return np.clip(self.means_ + features @ self.weights_, 0.0, 1.0)


def ridge_weights(features: Floats, targets: Floats, alpha: float) -> Floats:
    """Weights (F, C) of the least |features w - target|^2 + alpha |w|^2, each column by itself.

    Args:
        features: (N, F).
        targets: (N, C); NaN leaves that row out of that column.
        alpha: above 0.
    """
    known = ~np.isnan(targets)
    weights = np.empty((features.shape[1], targets.shape[1]))
    penalty = alpha * np.eye(features.shape[1])
    patterns, which = np.unique(known, axis=1, return_inverse=True)
    for number, rows in enumerate(patterns.T):  # models that know the same prompts share a solve
        columns = np.flatnonzero(which.ravel() == number)
        part = features[rows]
        normal = part.T @ part + penalty
        weights[:, columns] = np.linalg.solve(normal, part.T @ targets[np.ix_(rows, columns)])
    return weights
