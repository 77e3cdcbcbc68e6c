"""Softmax regression: a linear head that says how likely each of M classes is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.scheduling.baselines._base import Floats, Vectors
from pipeline.scheduling.baselines._threads import one_thread

__all__ = ["SoftmaxHead", "log_loss"]

Index = NDArray[np.int64]

_STRENGTHS = (0.01, 0.1, 1.0, 10.0, 100.0)  # C: inverse strength of the L2 penalty
_NEVER = -100.0  # logit of a class that training never saw; finite, so that training can go on
_LEAST = 1e-12  # keeps the loss of an impossible class finite


@dataclass(frozen=True)
class SoftmaxHead:
    """softmax(features @ weights + bias); weights (d, M), bias (M,)."""

    weights: Floats
    bias: Floats

    @classmethod
    def fit(
        cls, train: tuple[Vectors, Index], validation: tuple[Vectors, Index], classes: int
    ) -> "SoftmaxHead":
        """Fit on features (N, d) and labels (N,); C is the one with the least validation loss."""
        seen = np.unique(train[1])
        if len(seen) == 1:
            return cls._of(seen, np.zeros((1, train[0].shape[1])), np.zeros(1), classes)
        heads = [_regression(*train, strength, classes) for strength in _STRENGTHS]
        return min(
            heads, key=lambda head: log_loss(head.probabilities(validation[0]), validation[1])
        )

    @classmethod
    def _of(
        cls, seen: Index, coefficients: Floats, intercept: Floats, classes: int
    ) -> "SoftmaxHead":
        weights, bias = np.zeros((coefficients.shape[1], classes)), np.full(classes, _NEVER)
        weights[:, seen], bias[seen] = coefficients.T, intercept
        return cls(weights, bias)

    def probabilities(self, features: Vectors) -> Floats:
        """Rows that add up to 1, (n, M)."""
        logits = features.astype(np.float64) @ self.weights + self.bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: Floats = odds / odds.sum(axis=1, keepdims=True)
        return shares


def log_loss(probabilities: Floats, labels: Index) -> float:
    """Mean -log of the probability of the true class, nats; 0 without rows."""
    if not len(labels):
        return 0.0
    of_truth = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(of_truth, _LEAST)).mean())


def _regression(features: Vectors, labels: Index, strength: float, classes: int) -> SoftmaxHead:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=1000)
    with one_thread():
        fitted = model.fit(features.astype(np.float64), labels)
    coefficients, intercept = fitted.coef_, fitted.intercept_
    if len(fitted.classes_) == 2:  # sklearn keeps one logit for two classes
        coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
        intercept = np.concatenate([[0.0], intercept])
    return SoftmaxHead._of(fitted.classes_, coefficients, intercept, classes)
