"""Boosted trees on the main directions of the embeddings and on the surface."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors.learners.quality._stored import PointLearner

__all__ = ["Boosted"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class Boosted(PointLearner):
    """One XGBoost classifier per model; a graded label is a probability.

    Args:
        rounds: trees.
        max_depth: of a tree.
        learning_rate: of a tree.
        directions: principal components of the embeddings; the trees see no others.
        seed: of the draws of rows and columns.
    """

    name: ClassVar[str] = "quality_xgboost"
    arguments: ClassVar[tuple[str, ...]] = (
        "rounds",
        "max_depth",
        "learning_rate",
        "directions",
        "seed",
    )

    def __init__(
        self, rounds: int, max_depth: int, learning_rate: float, directions: int, seed: int
    ) -> None:
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.directions = directions
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        from xgboost import DMatrix, train

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

    def _features(self, inputs: Prompts) -> Singles:
        return np.hstack([(inputs.embeddings - self.middle_) @ self.axes_, inputs.surface])

    def predict(self, inputs: Prompts) -> Floats:
        features = self._features(inputs)
        told = [booster.inplace_predict(features) for booster in self.boosters_]
        return np.column_stack(told).astype(np.float64)

    def _write(self, folder: Path) -> None:
        np.save(folder / "middle.npy", self.middle_)
        np.save(folder / "axes.npy", self.axes_)
        for place, booster in enumerate(self.boosters_):
            booster.save_model(folder / f"{place}.json")

    def _read(self, folder: Path) -> None:
        from xgboost import Booster

        self.middle_, self.axes_ = (np.load(folder / f"{n}.npy") for n in ("middle", "axes"))
        self.boosters_ = []
        for place in range(len(self.columns_)):
            booster = Booster({"nthread": 1})
            booster.load_model(folder / f"{place}.json")
            self.boosters_.append(booster)
