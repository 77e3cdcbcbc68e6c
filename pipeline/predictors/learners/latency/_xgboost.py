"""Boosted trees of log seconds: their mean, or their quantiles."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS, Distribution, quantile_place
from pipeline.predictors._known import require_known
from pipeline.predictors._trees import Trees, TreeStack
from pipeline.stored import read_manifest, write_stored

if TYPE_CHECKING:
    from xgboost import Booster

__all__ = ["QuantileXgboost", "Xgboost"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Xgboost:
    """Squared error of log seconds, a booster per column; knows no spread.

    The log makes the error relative, which is what a ratio bound needs, and keeps an extrapolating
    tree above zero seconds.

    Args:
        rounds: trees per booster.
        options: of XGBoost.
        seed: of its row samples.
    """

    name: ClassVar[str] = "xgboost"
    served: ClassVar[int] = 0  # output of a booster that serves
    objective: ClassVar[dict[str, Any]] = {"objective": "reg:squarederror"}

    def __init__(self, rounds: int, options: dict[str, float | int], seed: int) -> None:
        self.rounds, self.options, self.seed = rounds, options, seed

    def fit(self, columns: list[str], inputs: Singles, values: Floats) -> Self:
        require_known(columns, values)
        return self._remember(columns, [self._booster(inputs, seconds) for seconds in values.T])

    def _booster(self, inputs: Singles, seconds: Floats) -> "Booster":
        from xgboost import DMatrix, train

        known = ~np.isnan(seconds)
        settings = {**self.objective, "nthread": 1, "seed": self.seed, **self.options}
        return train(settings, DMatrix(inputs[known], label=np.log(seconds[known])), self.rounds)

    def _remember(self, columns: list[str], boosters: list["Booster"]) -> Self:
        self.columns_, self.boosters_ = list(columns), boosters
        return self

    @cached_property
    def trees(self) -> list[Trees]:
        """What `predict` and a `TreeStack` work with, by column; taken when first needed."""
        return [Trees.of(booster, self.served) for booster in self.boosters_]

    def predict(self, inputs: Singles) -> Floats:
        alone = np.zeros(len(inputs), dtype=np.int64)
        return TreeStack([self.trees]).seconds(inputs, alone)

    def predict_distribution(self, inputs: Singles) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            for column, booster in zip(self.columns_, self.boosters_, strict=True):
                booster.save_model(part / f"{column}.json")
            return {
                "learner": self.name,
                "columns": self.columns_,
                "rounds": self.rounds,
                "options": self.options,
                "seed": self.seed,
            }

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        from xgboost import Booster

        told = read_manifest("learner", folder)
        boosters = []
        for column in told["columns"]:
            booster = Booster({"nthread": 1})
            booster.load_model(folder / f"{column}.json")
            boosters.append(booster)
        learner = cls(told["rounds"], told["options"], told["seed"])
        return learner._remember(told["columns"], boosters)

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> TreeStack:
        return TreeStack([learner.trees for learner in learners])


class QuantileXgboost(Xgboost):
    """Pinball loss of log seconds at all of `LEVELS`, a booster per column.

    It serves the trees of the median alone, which cost a router what one booster does.
    """

    name: ClassVar[str] = "quantile_xgboost"
    served: ClassVar[int] = quantile_place(0.5)
    objective: ClassVar[dict[str, Any]] = {
        "objective": "reg:quantileerror",
        "quantile_alpha": list(LEVELS),
    }

    def predict_distribution(self, inputs: Singles) -> Distribution:
        logs = [booster.inplace_predict(inputs) for booster in self.boosters_]
        return Distribution.sorted(np.exp(np.stack(logs, axis=1).astype(np.float64)))
