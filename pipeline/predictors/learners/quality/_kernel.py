"""Kernel ridge regression: between a linear function and the nearest prompts."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners.quality._features import centre_of
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["Kernel"]

Floats = NDArray[np.float64]

# One deviation in each of 16 features moves a prompt by 16 * .125^2 = .25 = 2 (1 - .875): as far as
# a cosine of .875 does.
_SURFACE, _LIMIT = 0.125, 4.0


class Kernel(ArrayLearner):
    """Gaussian kernel ridge regression on landmarks, exact while there are no more prompts.

    The kernel is exp(-gamma * distance^2) of embedding and scaled surface. Beyond `landmarks`
    prompts, as many are drawn and the regression is on their kernel columns (subset of regressors,
    Smola and Bartlett 2001).

    Args:
        gamma: sharpness.
        alpha: penalty.
        landmarks: prompts at most.
        seed: of the draw.
    """

    name: ClassVar[str] = "kernel"
    arguments: ClassVar[tuple[str, ...]] = ("gamma", "alpha", "landmarks", "seed")
    arrays: ClassVar[tuple[str, ...]] = ("centre_", "landmarks_", "means_", "weights_")

    centre_: Floats
    landmarks_: Floats
    means_: Floats
    weights_: Floats

    def __init__(self, gamma: float, alpha: float, landmarks: int, seed: int) -> None:
        self.gamma = gamma
        self.alpha = alpha
        self.landmarks = landmarks
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        self.centre_ = centre_of(inputs)
        places = self._places(inputs)
        rng = np.random.default_rng(self.seed)
        size = min(self.landmarks, len(places))
        self.landmarks_ = places[np.sort(rng.permutation(len(places))[:size])]
        self.means_ = column_means(values)
        kernel, own = self._kernel(places), self._kernel(self.landmarks_)
        own += 1e-6 * np.eye(size)
        known = ~np.isnan(values)
        targets = np.where(known, values - self.means_, 0.0)
        self.weights_ = np.empty((size, values.shape[1]))
        patterns, which = np.unique(known, axis=1, return_inverse=True)
        for number, rows in enumerate(patterns.T):  # columns that know the same rows share a solve
            columns = np.flatnonzero(which.ravel() == number)
            part = kernel[rows]
            normal = part.T @ part + self.alpha * own
            self.weights_[:, columns] = np.linalg.solve(normal, part.T @ targets[rows][:, columns])

    def predict(self, inputs: Prompts) -> Floats:
        kernel = self._kernel(self._places(inputs))
        return np.clip(self.means_ + kernel @ self.weights_, 0.0, 1.0)

    def _places(self, inputs: Prompts) -> Floats:
        standard = np.clip((inputs.surface - self.centre_[0]) / self.centre_[1], -_LIMIT, _LIMIT)
        return np.hstack([inputs.embeddings.astype(np.float64), _SURFACE * standard])

    def _kernel(self, places: Floats) -> Floats:
        """Kernel of n places with the landmarks, (n, L)."""
        apart = (places**2).sum(axis=1)[:, None] - 2.0 * places @ self.landmarks_.T
        apart += (self.landmarks_**2).sum(axis=1)
        kernel: Floats = np.exp(-self.gamma * np.maximum(apart, 0.0))
        return kernel
