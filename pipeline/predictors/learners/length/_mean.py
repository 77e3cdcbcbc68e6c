"""What a model answers on average: the reference that reads no prompt."""

from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._known import require_known
from pipeline.predictors._repeats import answers
from pipeline.predictors.learners._learner import StoredLearner

__all__ = ["ModelMean"]

Floats = NDArray[np.float64]


class ModelMean(StoredLearner):
    """Mean and quantiles of every column over all training rows."""

    name: ClassVar[str] = "model_mean"

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        self.columns_ = list(columns)
        known = [column[~np.isnan(column)] for column in answers(values).transpose(1, 0, 2)]
        self.means_ = np.array([column.mean() for column in known])
        self.quantiles_ = np.array([np.quantile(column, LEVELS) for column in known])
        return self

    def predict(self, inputs: Prompts) -> Floats:
        return np.tile(self.means_, (len(inputs), 1))

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution(np.tile(self.quantiles_, (len(inputs), 1, 1)))

    def _write(self, folder: Path) -> None:
        np.savez(folder / "learned.npz", means=self.means_, quantiles=self.quantiles_)

    def _read(self, folder: Path) -> None:
        with np.load(folder / "learned.npz", allow_pickle=False) as arrays:
            self.means_, self.quantiles_ = arrays["means"], arrays["quantiles"]
