"""Boosted trees on the main directions of the embeddings and on the surface."""

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._known import require_known
from pipeline.stored import read_manifest, write_stored

__all__ = ["Boosted"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Boosted:
    """One XGBoost classifier per model; a graded label is a probability.

    Args:
        rounds: trees.
        max_depth: of a tree.
        learning_rate: of a tree.
        directions: principal components of the embeddings; the trees see no others.
        seed: of the draws of rows and columns.
    """

    name: ClassVar[str] = "quality_xgboost"

    def __init__(
        self, rounds: int, max_depth: int, learning_rate: float, directions: int, seed: int
    ) -> None:
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.directions = directions
        self.seed = seed

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        from xgboost import DMatrix, train

        require_known(columns, values)
        if len(inputs) != len(values):
            raise DataError(f"{len(inputs)} prompts cannot have {len(values)} rows of values")
        self.columns_ = list(columns)
        self.middle_ = inputs.embeddings.mean(axis=0)
        spread = inputs.embeddings - self.middle_
        _, axes = np.linalg.eigh(spread.T @ spread)
        self.axes_ = np.ascontiguousarray(axes[:, ::-1][:, : self.directions])
        features = self._features(inputs)
        settings: dict[str, Any] = {
            "objective": "reg:logistic",
            "max_depth": self.max_depth,
            "learning_rate": self.learning_rate,
            "subsample": 0.8,
            "colsample_bytree": 0.5,
            "min_child_weight": 5.0,
            "reg_lambda": 5.0,
            "tree_method": "hist",
            "max_bin": 64,
            "nthread": 1,
            "seed": self.seed,
        }
        self.boosters_ = []
        for column in values.T:
            known = ~np.isnan(column)
            mean = float(np.clip(column[known].mean(), 0.01, 0.99))
            data = DMatrix(features[known], label=column[known])
            self.boosters_.append(train({**settings, "base_score": mean}, data, self.rounds))
        return self

    def _features(self, inputs: Prompts) -> Singles:
        return np.hstack([(inputs.embeddings - self.middle_) @ self.axes_, inputs.surface])

    def predict(self, inputs: Prompts) -> Floats:
        features = self._features(inputs)
        told = [booster.inplace_predict(features) for booster in self.boosters_]
        return np.column_stack(told).astype(np.float64)

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            np.save(part / "middle.npy", self.middle_)
            np.save(part / "axes.npy", self.axes_)
            for place, booster in enumerate(self.boosters_):
                booster.save_model(part / f"{place}.json")
            names = ("rounds", "max_depth", "learning_rate", "directions", "seed")
            chosen = {name: getattr(self, name) for name in names}
            return {"learner": self.name, "columns": self.columns_, "options": chosen}

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        from xgboost import Booster

        told = read_manifest("learner", folder)
        learner = cls(**told["options"])
        learner.columns_ = told["columns"]
        learner.middle_, learner.axes_ = (np.load(folder / f"{n}.npy") for n in ("middle", "axes"))
        learner.boosters_ = []
        for place in range(len(learner.columns_)):
            booster = Booster({"nthread": 1})
            booster.load_model(folder / f"{place}.json")
            learner.boosters_.append(booster)
        return learner
