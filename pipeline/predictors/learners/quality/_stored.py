"""Learners that are arrays and options on disk."""

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._known import require_known
from pipeline.stored import read_manifest, write_stored

__all__ = ["PointLearner"]

Floats = NDArray[np.float64]


class PointLearner:
    """A learner of expectations: whatever it learned is arrays, and it knows no spread.

    Subclasses name their constructor's arguments in `options` and what they learned in `arrays`,
    and implement `_learn` and `predict`.
    """

    name: ClassVar[str]
    options: ClassVar[tuple[str, ...]] = ()
    arrays: ClassVar[tuple[str, ...]]

    columns_: list[str]

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        if len(inputs) != len(values):
            raise DataError(f"{len(inputs)} prompts cannot have {len(values)} rows of values")
        self.columns_ = list(columns)
        self._learn(inputs, values)
        return self

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        raise NotImplementedError

    def predict(self, inputs: Prompts) -> Floats:
        raise NotImplementedError

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            for array in self.arrays:
                np.save(part / f"{array.rstrip('_')}.npy", getattr(self, array))
            chosen = {option: getattr(self, option) for option in self.options}
            return {"learner": self.name, "columns": self.columns_, "options": chosen}

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        learner = cls(**told["options"])
        learner.columns_ = told["columns"]
        for array in cls.arrays:
            setattr(learner, array, np.load(folder / f"{array.rstrip('_')}.npy"))
        return learner
