"""Output length of each model's answer: k-NN mean, buckets, conformal bounds per model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._conformal import RatioBounds
from pipeline.predictors._knn import Neighbours, nearest_neighbours, weighted_mean

__all__ = ["LengthModel", "LengthPrediction"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LengthPrediction:
    """Output tokens of n prompts and M models: expectation, median and bounds, each (n, M)."""

    mean: Floats
    median: Floats
    low: Floats
    high: Floats


class LengthModel:
    """Expected output tokens from the lengths of the nearest training prompts.

    Args:
        k: neighbours.
        level: coverage of the bounds.
        buckets: number of length buckets; the last one is open.
        bucket_tokens: width of a bucket, tokens.
    """

    def __init__(self, k: int, level: float, buckets: int, bucket_tokens: int) -> None:
        self.k = k
        self.level = level
        self.buckets = buckets
        self.bucket_tokens = bucket_tokens

    def fit(
        self,
        models: list[str],
        embeddings: NDArray[np.float32],
        lengths: Floats,
        calibration_embeddings: NDArray[np.float32],
        calibration_lengths: Floats,
    ) -> "LengthModel":
        """Learn from N training prompts; bound the error on others, per model.

        Args:
            models: the M model names, in column order.
            embeddings: (N, d) unit rows.
            lengths: (N, M) tokens, NaN where unknown.
            calibration_embeddings: (C, d).
            calibration_lengths: (C, M), NaN where unknown.

        Raises:
            DataError: a model has no known length, or too few to bound the error.
        """
        for column, model in enumerate(models):
            if np.isnan(lengths[:, column]).all():
                raise DataError(f"model {model!r} has no known output length on the training split")
        self.models_ = list(models)
        self.embeddings_ = embeddings
        self.lengths_ = lengths
        mean = self.mean(calibration_embeddings)
        self.bounds_ = []
        for column in range(len(models)):
            known = ~np.isnan(calibration_lengths[:, column])
            actual, expected = calibration_lengths[known, column], mean[known, column]
            self.bounds_.append(RatioBounds.fit(actual, expected, self.level))
        return self

    def mean(self, embeddings: NDArray[np.float32]) -> Floats:
        """Expected output tokens, (n, M)."""
        return weighted_mean(self.lengths_, self._near(embeddings))

    def predict(self, embeddings: NDArray[np.float32]) -> LengthPrediction:
        """Expectation, median and bounds for n prompts."""
        mean = self.mean(embeddings)
        low, median, high = (
            mean * np.array([getattr(bound, name) for bound in self.bounds_])
            for name in ("low", "median", "high")
        )
        return LengthPrediction(mean, median, low, high)

    def distribution(self, embeddings: NDArray[np.float32]) -> Floats:
        """Weight of the neighbours in each length bucket, (n, M, buckets); rows sum to 1.

        Bucket i holds lengths in [i * width, (i + 1) * width); the last one is open above.
        """
        near = self._near(embeddings)
        bucket = np.minimum(self.lengths_ // self.bucket_tokens, self.buckets - 1)
        layers = [
            weighted_mean(np.where(np.isnan(bucket), np.nan, bucket == i), near)
            for i in range(self.buckets)
        ]
        return np.stack(layers, axis=-1)

    def _near(self, embeddings: NDArray[np.float32]) -> Neighbours:
        return nearest_neighbours(self.embeddings_, embeddings, self.k)
