"""The values of the nearest training prompts: the published predictor, and the reference."""

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._knn import NeighbourIndex, weighted_mean
from pipeline.predictors._known import column_means, require_known
from pipeline.predictors._repeats import answers
from pipeline.predictors.learners._learner import StoredLearner

__all__ = ["Knn"]

Floats = NDArray[np.float64]


class Knn(StoredLearner):
    """Mean of the k nearest training prompts, weighted as published (reference.md 1.4).

    An unknown value takes its weight with it; where no neighbour knows a column, the mean (and the
    spread) of the whole column stands.

    Args:
        k: neighbours.
    """

    name: ClassVar[str] = "knn"
    arguments: ClassVar[tuple[str, ...]] = ("k",)

    def __init__(self, k: int) -> None:
        self.k = k

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        return self._remember(columns, inputs.embeddings, values)

    def _remember(self, columns: list[str], embeddings: Any, values: Floats) -> Self:
        self.columns_ = list(columns)
        self.index_ = NeighbourIndex(embeddings)
        self.values_ = values
        repeats = answers(values).transpose(1, 0, 2)
        self.means_ = np.stack([column_means(column.T) for column in repeats], axis=1)
        self.overall_ = column_means(self.means_)
        self.spread_ = np.array(
            [np.quantile(column[~np.isnan(column)], LEVELS) for column in repeats]
        )
        return self

    def predict(self, inputs: Prompts) -> Floats:
        near = inputs.near(self.index_, self.k)
        return weighted_mean(self.means_[near.rows], near.weights, self.overall_)

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        """Weighted quantiles of the neighbours' values: the least that reaches each level."""
        near = inputs.near(self.index_, self.k)
        samples = answers(self.values_)[near.rows]  # (n, k, C, R)
        n, k, columns, repeats = samples.shape
        values = samples.transpose(0, 1, 3, 2).reshape(n, k * repeats, columns)
        each = np.repeat(near.weights, repeats, axis=1)
        order = np.argsort(values, axis=1)  # NaN sorts last, and has no weight
        ordered = np.take_along_axis(values, order, axis=1)
        weights = np.where(np.isnan(values), 0.0, each[:, :, None])
        reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        total = reached[:, -1:]
        out = np.empty((len(values), len(self.columns_), len(LEVELS)))
        for place, level in enumerate(LEVELS):
            first = np.argmax(reached >= level * total - 1e-12, axis=1)[:, None]
            out[:, :, place] = np.take_along_axis(ordered, first, axis=1)[:, 0]
        unknown = total[:, 0] == 0
        out[unknown] = np.broadcast_to(self.spread_, out.shape)[unknown]
        return Distribution(out)

    def _write(self, folder: Path) -> None:
        np.save(folder / "embeddings.npy", self.index_.embeddings)
        np.save(folder / "values.npy", self.values_)

    def _read(self, folder: Path) -> None:
        embeddings, values = (np.load(folder / f"{n}.npy") for n in ("embeddings", "values"))
        self._remember(self.columns_, embeddings, values)
