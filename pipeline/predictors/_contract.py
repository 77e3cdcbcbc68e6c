"""What every predictor is: learners of quality, length and latency share one contract."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._knn import NeighbourIndex, Neighbours
from pipeline.predictors._surface import surface_features
from pipeline.predictors._words import count_words

__all__ = ["Learner", "Prompts"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Prompts:
    """n prompts as learners see them, in training and in serving alike.

    Attributes:
        embeddings: (n, d) float32 unit rows.
        texts: the n prompts; None where only embeddings are known, and a learner that reads texts
            then says so.
        datasets: names of their data sets. Known offline only, so no learner that serves may need
            them to predict.
    """

    embeddings: Singles
    texts: tuple[str, ...] | None = None
    datasets: tuple[str, ...] | None = None
    _found: dict[str, Neighbours] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.embeddings)

    @cached_property
    def surface(self) -> Singles:
        """Features of the texts, (n, len(SURFACE)); raises DataError without texts."""
        return surface_features(self.required_texts())

    @cached_property
    def words(self) -> Any:
        """Hashed words of the texts, counted, sparse (n, BINS); raises DataError without texts."""
        return count_words(self.required_texts())

    def required_texts(self) -> tuple[str, ...]:
        """The texts; raises DataError where only embeddings are known."""
        if self.texts is None:
            raise DataError("this predictor reads the texts of prompts, and only embeddings came")
        return self.texts

    def required_datasets(self) -> tuple[str, ...]:
        """The names of the data sets; raises DataError where they are unknown."""
        if self.datasets is None:
            raise DataError("this predictor needs the data set of every prompt, and none came")
        return self.datasets

    def take(self, rows: NDArray[np.int64]) -> "Prompts":
        """The prompts of these rows, in this order."""
        texts, datasets = (
            None if names is None else tuple(names[row] for row in rows)
            for names in (self.texts, self.datasets)
        )
        return Prompts(self.embeddings[rows], texts, datasets)

    def near(self, index: NeighbourIndex, k: int) -> Neighbours:
        """The k nearest rows of an index: predictors that learned from equal rows search once."""
        found = self._found.get(index.key)
        if found is None or found.rows.shape[1] < min(k, len(index.embeddings)):
            found = self._found[index.key] = index.search(self.embeddings, k)
        return found.nearest(k)


Inputs = TypeVar("Inputs", contravariant=True)


class Learner(Protocol[Inputs]):
    """One candidate: learns C columns of numbers (models, or times) from N inputs.

    Quality and length learn from `Prompts`, one column per model; the latency of a tier from the
    features of `latency_features`, (N, F) float32, one column per `TARGETS`. Constructors remember
    their options and do no work; what was learned ends in an underscore.
    """

    columns_: list[str]

    def fit(self, columns: list[str], inputs: Inputs, values: Floats) -> Self:
        """Learn from N rows.

        Args:
            columns: the C names.
            inputs: of N rows.
            values: (N, C); NaN is unknown, and never read as a number. Learners of lengths also
                take (N, C, R), R answers to each input.

        Raises:
            DataError: a column has no known value.
        """
        ...

    def predict(self, inputs: Inputs) -> Floats:
        """Expectation of n rows, (n, C), in the unit of the values."""
        ...

    def predict_distribution(self, inputs: Inputs) -> Distribution:
        """Quantiles of n rows, (n, C, Q); all equal where the learner knows no spread."""
        ...

    def save(self, folder: Path) -> None:
        """Write it as one folder, whole or not at all."""
        ...

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it; raises ModelError when it is absent, damaged or of another kind."""
        ...
