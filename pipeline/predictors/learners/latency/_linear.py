"""Log seconds as a line over log features."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._known import require_known
from pipeline.stored import read_manifest, write_stored

__all__ = ["Linear"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class _Lines:
    """A stack of lines: weights (T, F, 2) over log(1 + feature), and constants (T, 2)."""

    def __init__(self, weights: Floats, constants: Floats) -> None:
        self._weights, self._constants = weights, constants

    def predict(self, features: Singles, tier: NDArray[np.int64]) -> tuple[Floats, Floats]:
        logs = np.log1p(features.astype(np.float64))
        summed = np.einsum("nf,nfc->nc", logs, self._weights[tier])
        ttft, tpot = np.exp(summed + self._constants[tier]).T
        return ttft, tpot


class Linear:
    """Ridge regression of log seconds on log(1 + feature), with the spread of its residuals.

    Args:
        alpha: penalty on the weights of standardised features.
    """

    name: ClassVar[str] = "linear"

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def fit(self, columns: list[str], inputs: Singles, values: Floats) -> Self:
        require_known(columns, values)
        fitted = [self._column(inputs, seconds) for seconds in values.T]
        weights, constants, spread = (np.array(part) for part in zip(*fitted, strict=True))
        return self._remember(columns, weights, constants, spread)

    def _column(self, inputs: Singles, seconds: Floats) -> tuple[Floats, float, Floats]:
        """Weights (F,), constant and residual quantiles of log seconds of one column."""
        from sklearn.linear_model import Ridge

        known = ~np.isnan(seconds)
        logs, target = np.log1p(inputs[known].astype(np.float64)), np.log(seconds[known])
        centre, scale = logs.mean(axis=0), logs.std(axis=0)
        scale[scale == 0] = 1.0
        fit = Ridge(alpha=self.alpha).fit((logs - centre) / scale, target)
        weights = fit.coef_ / scale
        constant = float(fit.intercept_ - centre @ weights)
        return weights, constant, np.quantile(target - logs @ weights - constant, LEVELS)

    def _remember(
        self, columns: list[str], weights: Floats, constants: Floats, spread: Floats
    ) -> Self:
        """Weights (C, F), constants (C,) and quantiles of the residuals (C, len(LEVELS))."""
        self.columns_ = list(columns)
        self.weights_, self.constants_, self.spread_ = weights, constants, spread
        return self

    def predict(self, inputs: Singles) -> Floats:
        alone = np.zeros(len(inputs), dtype=np.int64)
        return np.stack(self.stack([self]).predict(inputs, alone), axis=1)

    def predict_distribution(self, inputs: Singles) -> Distribution:
        """The line times the quantiles of its training residuals, alike in every state."""
        return Distribution(self.predict(inputs)[:, :, None] * np.exp(self.spread_))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            return {
                "learner": self.name,
                "alpha": self.alpha,
                "columns": self.columns_,
                "weights": self.weights_.tolist(),
                "constants": self.constants_.tolist(),
                "spread": self.spread_.tolist(),
            }

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        arrays = (np.array(told[name]) for name in ("weights", "constants", "spread"))
        return cls(told["alpha"])._remember(told["columns"], *arrays)

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> _Lines:
        return _Lines(
            np.array([learner.weights_.T for learner in learners]),
            np.array([learner.constants_ for learner in learners]),
        )
