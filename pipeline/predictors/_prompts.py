"""Quality and length of a prompt from one search."""

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._knn import Neighbours
from pipeline.predictors._length import LengthModel, LengthPrediction
from pipeline.predictors._quality import QualityModel, QualityPrediction

__all__ = ["PromptPredictor"]


class PromptPredictor:
    """A quality and a length model that predict what each would alone.

    If both learned from the same rows, these are searched once, at the larger k; the nearest few of
    many neighbours are those that a search for few finds.
    """

    def __init__(self, quality: QualityModel, length: LengthModel) -> None:
        self.quality, self.length = quality, length
        self._together = np.array_equal(quality.index_.embeddings, length.index_.embeddings)

    def search(self, embeddings: NDArray[np.float32]) -> tuple[Neighbours, Neighbours]:
        """Neighbours of n prompts, (n, d) unit rows, for the quality and for the length model."""
        quality, length = self.quality, self.length
        if not self._together:
            return (
                quality.index_.search(embeddings, quality.k),
                length.index_.search(embeddings, length.k),
            )
        near = quality.index_.search(embeddings, max(quality.k, length.k))
        return near.nearest(quality.k), near.nearest(length.k)

    def predict(
        self, embeddings: NDArray[np.float32]
    ) -> tuple[QualityPrediction, LengthPrediction]:
        """Quality and output tokens of n prompts, (n, d) float32 unit rows."""
        quality, length = self.search(embeddings)
        return self.quality.predict(quality), self.length.predict(length)
