"""Logistic regression of labels on embeddings and surface."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors.learners.quality._features import centre_of, prompt_features
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["Logistic"]

Floats = NDArray[np.float64]


class Logistic(ArrayLearner):
    """A logistic function of the prompt for each model.

    A graded label y counts as y of a success and 1 - y of a failure, whose likelihood has the same
    maximum as the cross-entropy.

    Args:
        strength: C of scikit-learn, the inverse of the penalty.
    """

    name: ClassVar[str] = "logistic"
    arguments: ClassVar[tuple[str, ...]] = ("strength",)
    arrays: ClassVar[tuple[str, ...]] = ("centre_", "middle_", "intercepts_", "weights_")

    centre_: Floats
    middle_: Floats
    intercepts_: Floats
    weights_: Floats

    def __init__(self, strength: float) -> None:
        self.strength = strength

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        self.centre_ = centre_of(inputs)
        features = prompt_features(inputs, self.centre_)
        self.middle_ = features.mean(axis=0)
        fitted = [self._column(features - self.middle_, column) for column in values.T]
        self.intercepts_ = np.array([intercept for intercept, _ in fitted])
        self.weights_ = np.column_stack([weights for _, weights in fitted])

    def _column(self, features: Floats, labels: Floats) -> tuple[float, Floats]:
        from sklearn.linear_model import LogisticRegression

        known = ~np.isnan(labels)
        share, rows = labels[known], features[known]
        if share.min() == share.max():  # one class has no slope; half a row on either side
            size = len(share)
            mean = (share.sum() + 0.5) / (size + 1.0)
            return float(np.log(mean / (1.0 - mean))), np.zeros(features.shape[1])
        outcomes = np.repeat([1, 0], len(share))
        weights = np.concatenate([share, 1.0 - share])
        kept = weights > 0
        model = LogisticRegression(C=self.strength, max_iter=200, tol=1e-3)
        model.fit(np.vstack([rows, rows])[kept], outcomes[kept], sample_weight=weights[kept])
        return float(model.intercept_[0]), model.coef_[0]

    def predict(self, inputs: Prompts) -> Floats:
        from scipy.special import expit

        features = prompt_features(inputs, self.centre_) - self.middle_
        told: Floats = expit(self.intercepts_ + features @ self.weights_)
        return told
