"""Times that do not look at the state: of the training runs, or declared."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS, Distribution, quantile_place
from pipeline.predictors._known import require_known
from pipeline.stored import read_manifest, write_stored

__all__ = ["Static", "TierConstant"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class _Table:
    """A stack of constants: two seconds per tier, (T, 2)."""

    def __init__(self, seconds: Floats) -> None:
        self._ttft, self._tpot = seconds.T.copy()

    def predict(self, features: Singles, tier: NDArray[np.int64]) -> tuple[Floats, Floats]:
        return self._ttft[tier], self._tpot[tier]


class TierConstant:
    """The quantiles of the training runs, whatever the state; a prediction is their median."""

    name: ClassVar[str] = "tier_constant"

    def fit(self, columns: list[str], inputs: Singles, values: Floats) -> Self:
        require_known(columns, values)
        self.columns_ = list(columns)
        self.quantiles_ = np.nanquantile(values, LEVELS, axis=0).T
        return self

    def predict(self, inputs: Singles) -> Floats:
        return np.tile(self.quantiles_[:, quantile_place(0.5)], (len(inputs), 1))

    def predict_distribution(self, inputs: Singles) -> Distribution:
        return Distribution(np.tile(self.quantiles_, (len(inputs), 1, 1)))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            return {
                "learner": self.name,
                "columns": self.columns_,
                "quantiles": self.quantiles_.tolist(),
            }

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        learner = cls()
        learner.columns_, learner.quantiles_ = told["columns"], np.array(told["quantiles"])
        return learner

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> _Table:
        medians = [learner.quantiles_[:, quantile_place(0.5)] for learner in learners]
        return _Table(np.array(medians))


class Static:
    """The declared prior of a tier; nothing is learned.

    Args:
        seconds: of every column, (C,).
    """

    name: ClassVar[str] = "static"

    def __init__(self, seconds: Sequence[float]) -> None:
        self.seconds = tuple(seconds)

    def fit(self, columns: list[str], inputs: Singles, values: Floats) -> Self:
        self.columns_ = list(columns)
        return self

    def predict(self, inputs: Singles) -> Floats:
        return np.tile(np.array(self.seconds), (len(inputs), 1))

    def predict_distribution(self, inputs: Singles) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        told = {"learner": self.name, "columns": self.columns_, "seconds": list(self.seconds)}
        write_stored("learner", folder, lambda part: told)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        learner = cls(told["seconds"])
        learner.columns_ = told["columns"]
        return learner

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> _Table:
        return _Table(np.array([learner.seconds for learner in learners]))
