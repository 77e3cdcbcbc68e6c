"""Output length of each model's answer: a learner, then conformal quantiles per model."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._repeats import answers
from pipeline.predictors.calibration import ConformalFactors
from pipeline.predictors.learners import load_learner
from pipeline.stored import read_manifest, write_stored

__all__ = ["LengthModel", "LengthPrediction"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LengthPrediction:
    """Output tokens of n prompts and M models.

    Attributes:
        mean: expectation, (n, M).
        distribution: calibrated quantiles.
        level: what `low` and `high` cover.
    """

    mean: Floats
    distribution: Distribution
    level: float

    @property
    def median(self) -> Floats:
        return self.distribution.at(0.5)

    @property
    def low(self) -> Floats:
        return self.distribution.at((1 - self.level) / 2)

    @property
    def high(self) -> Floats:
        return self.distribution.at((1 + self.level) / 2)

    def times(self, factor: Floats) -> "LengthPrediction":
        """All of it times (n, M) factors."""
        values = self.distribution.values * factor[:, :, None]
        return replace(self, mean=self.mean * factor, distribution=Distribution(values))


class LengthModel:
    """Output tokens of a prompt for each of M models.

    Args:
        learner: expectation and quantiles from prompts.
        level: coverage of the bounds.
    """

    def __init__(self, learner: Learner[Prompts], level: float) -> None:
        self.learner = learner
        self.level = level

    def fit(
        self,
        models: list[str],
        train: Prompts,
        lengths: Floats,
        calibration: Prompts,
        calibration_lengths: Floats,
    ) -> Self:
        """Learn from N training prompts; conformalise on C others, model by model (Mondrian).

        Args:
            models: the M model names, in column order.
            train, calibration: N and C prompts.
            lengths, calibration_lengths: (N, M) and (C, M) tokens, NaN where unknown; or
                (N, M, R) and (C, M, R), R sampled answers to each prompt.

        Raises:
            DataError: a model has no known length, or too few to bound the error.
        """
        for column, model in enumerate(models):
            if np.isnan(lengths[:, column]).all():
                raise DataError(f"model {model!r} has no known output length on the training split")
        self.models_ = list(models)
        self.learner.fit(models, train, lengths)
        return self.calibrate(calibration, calibration_lengths)

    def calibrate(self, prompts: Prompts, lengths: Floats) -> Self:
        """Fit the conformal factors anew, on prompts that the learner has not seen."""
        values = self.learner.predict_distribution(prompts).values
        sampled = answers(lengths)
        self.factors_ = []
        for column in range(len(self.models_)):
            known = ~np.isnan(sampled[:, column]).all(axis=1)
            self.factors_.append(
                ConformalFactors.fit(sampled[known, column], values[known, column], self.level)
            )
        return self

    def predict(self, prompts: Prompts) -> LengthPrediction:
        """Expectation and calibrated quantiles for n prompts."""
        raw = self.learner.predict_distribution(prompts).values
        columns = [factors.apply(raw[:, column]) for column, factors in enumerate(self.factors_)]
        told = Distribution(np.stack(columns, axis=1))
        return LengthPrediction(self.learner.predict(prompts), told, self.level)

    def save(self, folder: Path) -> None:
        """Write it as one folder, whole or not at all."""

        def fill(part: Path) -> dict[str, Any]:
            self.learner.save(part / "learner")
            factors = [asdict(one) for one in self.factors_]
            return {"level": self.level, "models": self.models_, "factors": factors}

        write_stored("length", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it; raises ModelError when it is absent, damaged or of another kind."""
        told = read_manifest("length", folder)
        model = cls(load_learner(folder / "learner"), told["level"])
        model.models_ = told["models"]
        model.factors_ = [
            ConformalFactors(tuple(one["factors"]), one["n"]) for one in told["factors"]
        ]
        return model
