"""Output length of each model's answer: k-NN mean, buckets, conformal bounds per model."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._conformal import RatioBounds
from pipeline.predictors._knn import NeighbourIndex, Prompts, weighted_mean

__all__ = ["LengthModel", "LengthPrediction", "bucket_share"]

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
        self.remember(models, embeddings, lengths)
        mean = self.mean(calibration_embeddings)
        self.bounds_ = []
        for column in range(len(models)):
            known = ~np.isnan(calibration_lengths[:, column])
            actual, expected = calibration_lengths[known, column], mean[known, column]
            self.bounds_.append(RatioBounds.fit(actual, expected, self.level))
        return self

    def remember(self, models: list[str], embeddings: NDArray[np.float32], lengths: Floats) -> None:
        """Take in the training prompts as `fit` does, without calibration."""
        self.models_ = list(models)
        self.index_ = NeighbourIndex(embeddings)
        self.lengths_ = lengths
        self._overall = np.nanmean(lengths, axis=0)
        self._known = [np.sort(column[~np.isnan(column)]) for column in lengths.T]

    def mean(self, prompts: Prompts) -> Floats:
        """Expected output tokens, (n, M); the model's mean where no neighbour has a length."""
        near = self.index_.neighbours(prompts, self.k)
        return weighted_mean(self.lengths_[near.rows], near.weights, self._overall)

    def predict(self, prompts: Prompts) -> LengthPrediction:
        """Expectation, median and bounds for n prompts."""
        mean = self.mean(prompts)
        low, median, high = (
            mean * np.array([getattr(bound, name) for bound in self.bounds_])
            for name in ("low", "median", "high")
        )
        return LengthPrediction(mean, median, low, high)

    def distribution(self, prompts: Prompts) -> Floats:
        """Weight of the neighbours in each length bucket, (n, M, buckets); rows sum to 1.

        Bucket i holds lengths in [i * width, (i + 1) * width); the last one is open above. Where no
        neighbour has a length of a model, all its lengths count alike.
        """
        near = self.index_.neighbours(prompts, self.k)
        shares = weighted_mean(
            self._one_hot(self.lengths_[near.rows]).reshape(*near.rows.shape, -1),
            near.weights,
            self._spread.ravel(),
        )
        return shares.reshape(len(shares), len(self.models_), self.buckets)

    def neighbour_share(self, prompts: Prompts, limit: Floats) -> Floats:
        """Weight of the neighbours whose output is <= limit, (n, M): the published rule.

        An unknown length takes its weight with it; where no neighbour has a length of a model, all
        its lengths count alike.

        Args:
            prompts: n prompts.
            limit: tokens, (n,).
        """
        near = self.index_.neighbours(prompts, self.k)
        lengths = self.lengths_[near.rows]
        within = np.where(np.isnan(lengths), np.nan, lengths <= limit[:, None, None])
        overall = [np.searchsorted(known, limit, "right") / len(known) for known in self._known]
        return weighted_mean(within, near.weights, np.column_stack(overall))

    @cached_property
    def _spread(self) -> Floats:
        """Share of each model's known lengths in each bucket, (M, buckets)."""
        spread: Floats = np.nanmean(self._one_hot(self.lengths_), axis=0)
        return spread

    def _one_hot(self, lengths: Floats) -> Floats:
        """Which bucket lengths (...) are in, (..., buckets): 1 there, 0 elsewhere, NaN unknown."""
        bucket = np.minimum(lengths // self.bucket_tokens, self.buckets - 1)[..., None]
        hot: Floats = np.where(np.isnan(bucket), np.nan, bucket == np.arange(self.buckets))
        return hot


def bucket_share(distribution: Floats, limit: Floats, bucket_tokens: int) -> Floats:
    """P(output <= limit) read off the buckets, (n, M): the published rule.

    The whole bucket that holds the limit counts as within it, so this is an upper bound.

    Args:
        distribution: shares of B buckets, the last one open above, (n, M, B).
        limit: tokens, (n,); nothing fits into less than 0.
        bucket_tokens: width of a bucket.
    """
    last = np.minimum(np.floor(limit / bucket_tokens), distribution.shape[-1] - 1).astype(np.int64)
    reached = np.cumsum(distribution, axis=-1)[np.arange(len(limit)), :, np.maximum(last, 0)]
    share: Floats = np.where(last[:, None] >= 0, reached, 0.0)
    return share
