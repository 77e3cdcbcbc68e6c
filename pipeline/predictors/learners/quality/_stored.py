"""Learners of expectations that are arrays on disk."""

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._known import require_known
from pipeline.predictors.learners._learner import StoredLearner

__all__ = ["ArrayLearner", "PointLearner"]

Floats = NDArray[np.float64]


class PointLearner(StoredLearner):
    """A learner of expectations, which knows no spread; subclasses say how it learns."""

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        """Learn from N prompts and values (N, C), NaN unknown; as `Learner.fit`."""
        require_known(columns, values)
        if len(inputs) != len(values):
            raise DataError(f"{len(inputs)} prompts cannot have {len(values)} rows of values")
        self.columns_ = list(columns)
        self._learn(inputs, values)
        return self

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        raise NotImplementedError

    def predict(self, inputs: Prompts) -> Floats:
        """Expectation of n prompts, (n, C)."""
        raise NotImplementedError

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        """The expectation at every level."""
        return Distribution.point(self.predict(inputs))


class ArrayLearner(PointLearner):
    """Whatever it learned is arrays, named in `arrays`."""

    arrays: ClassVar[tuple[str, ...]]

    def _write(self, folder: Path) -> None:
        for array in self.arrays:
            np.save(folder / f"{array.rstrip('_')}.npy", getattr(self, array))

    def _read(self, folder: Path) -> None:
        for array in self.arrays:
            setattr(self, array, np.load(folder / f"{array.rstrip('_')}.npy"))
