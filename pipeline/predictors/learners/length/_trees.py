"""Quantiles of log tokens by boosted trees, one ensemble per model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._known import require_known
from pipeline.predictors._repeats import answers
from pipeline.predictors.learners._learner import StoredLearner
from pipeline.predictors.learners.length._expectation import mean_factors, quantile_mean
from pipeline.predictors.learners.length._features import PromptFeatures

if TYPE_CHECKING:
    from xgboost import Booster

__all__ = ["QuantileXgboost"]

Floats = NDArray[np.float64]

_FIXED = {"tree_method": "hist", "max_bin": 64, "nthread": 1}
_SAMPLING = {"subsample": 0.8, "colsample_bytree": 0.5, "min_child_weight": 5.0}


class QuantileXgboost(StoredLearner):
    """XGBoost's quantile regression at `LEVELS` over embedding, surface and words.

    Args:
        components: principal components of the embedding.
        rounds, max_depth, learning_rate: of boosting; each round adds one tree per level.
        seed: of the rows and columns that a tree sees.
    """

    name: ClassVar[str] = "quantile_xgboost"
    arguments: ClassVar[tuple[str, ...]] = (
        "components",
        "rounds",
        "max_depth",
        "learning_rate",
        "seed",
    )

    def __init__(
        self,
        components: int = 32,
        rounds: int = 60,
        max_depth: int = 4,
        learning_rate: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.components = components
        self.rounds = rounds
        self.max_depth = max_depth
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        self.columns_ = list(columns)
        self.features_ = PromptFeatures(self.components, self.components).fit(inputs)
        seen = self.features_.transform(inputs)
        logs = np.log(answers(values)).transpose(1, 0, 2)
        self.boosters_ = [self._boost(seen, column) for column in logs]
        self.factors_ = mean_factors(values, self._quantiles(inputs))
        return self

    def _boost(self, seen: NDArray[np.float32], logs: Floats) -> "Booster":
        from xgboost import QuantileDMatrix, train

        rows, repeats = np.nonzero(~np.isnan(logs))
        options: dict[str, Any] = {
            **_FIXED,
            **_SAMPLING,
            "objective": "reg:quantileerror",
            "quantile_alpha": list(LEVELS),
            "max_depth": self.max_depth,
            "eta": self.learning_rate,
            "seed": self.seed,
        }
        options["min_child_weight"] *= logs.shape[1]  # answers of one prompt are not more prompts
        known = QuantileDMatrix(seen[rows], logs[rows, repeats], max_bin=_FIXED["max_bin"])
        return train(options, known, num_boost_round=self.rounds)

    def _quantiles(self, inputs: Prompts) -> Floats:
        seen = self.features_.transform(inputs)
        logs = [one.inplace_predict(seen) for one in self.boosters_]
        stacked = np.stack(logs, axis=1).astype(np.float64)
        return Distribution.sorted(np.exp(stacked)).values

    def predict(self, inputs: Prompts) -> Floats:
        return quantile_mean(self._quantiles(inputs)) * self.factors_

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution(self._quantiles(inputs))

    def _write(self, folder: Path) -> None:
        self.features_.save(folder / "features.npz")
        np.save(folder / "factors.npy", self.factors_)
        for place, booster in enumerate(self.boosters_):
            booster.save_model(folder / f"model_{place}.ubj")

    def _read(self, folder: Path) -> None:
        from xgboost import Booster

        self.features_ = PromptFeatures.load(folder / "features.npz")
        self.factors_ = np.load(folder / "factors.npy")
        self.boosters_ = []
        for place in range(len(self.columns_)):
            booster = Booster(params={"nthread": 1})
            booster.load_model(folder / f"model_{place}.ubj")
            self.boosters_.append(booster)
