"""Quality of each model's answer to a prompt: a learner, then a calibration curve per model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors.calibration import Contrast, fit_curves, load_curve
from pipeline.predictors.learners import load_learner
from pipeline.stored import read_manifest, write_stored

__all__ = ["QualityModel", "QualityPrediction"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class QualityPrediction:
    """Calibrated quality of n prompts and M models, and bounds on it; each (n, M) in [0, 1]."""

    mean: Floats
    low: Floats
    high: Floats


class QualityModel:
    """Calibrated quality of a prompt for each of M models.

    Args:
        learner: makes raw scores from prompts.
        level: level of the bounds.
        calibration: one of `CALIBRATIONS`, see `fit_curves`.
    """

    def __init__(self, learner: Learner[Prompts], level: float, calibration: str = "auto") -> None:
        self.learner = learner
        self.level = level
        self.calibration = calibration

    def fit(
        self,
        models: list[str],
        train: Prompts,
        labels: Floats,
        calibration: Prompts,
        calibration_labels: Floats,
        calibration_groups: Sequence[str] | None = None,
    ) -> Self:
        """Learn from N training prompts and calibrate on C others.

        Args:
            models: the M model names, in column order.
            train, calibration: N and C prompts.
            labels, calibration_labels: (N, M) and (C, M) in [0, 1], NaN where unknown.
            calibration_groups: C names of what is never split, for `calibrate`.

        Raises:
            DataError: a model has no label on one of the two splits, or one calibration label.
            UnknownNameError: no such calibration.
        """
        for name, part in (("training", labels), ("calibration", calibration_labels)):
            for column, model in enumerate(models):
                if np.isnan(part[:, column]).all():
                    raise DataError(f"model {model!r} has no quality label on the {name} split")
        self.models_ = list(models)
        self.learner.fit(models, train, labels)
        return self.calibrate(calibration, calibration_labels, labels, calibration_groups)

    def calibrate(
        self,
        prompts: Prompts,
        labels: Floats,
        training: Floats,
        groups: Sequence[str] | None = None,
    ) -> Self:
        """Fit the curves and the contrast anew, on prompts that the learner has not seen.

        Args:
            prompts: of n rows.
            labels: (n, M) in [0, 1], NaN where unknown.
            training: (N, M) labels that the learner has seen.
            groups: n names of what stays together where calibrations are compared.
        """
        found = fit_curves(self.calibration, self.raw(prompts), labels, self.level, groups)
        self.curves_, self.chosen_ = found
        self.contrast_ = Contrast.fit(self._curved(prompts).mean, labels, training, groups)
        return self

    def raw(self, prompts: Prompts) -> Floats:
        """Uncalibrated quality, (n, M)."""
        return self.learner.predict(prompts)

    def predict(self, prompts: Prompts) -> QualityPrediction:
        """Calibrated quality with bounds for n prompts."""
        told = self._curved(prompts)
        mean = self.contrast_.apply(told.mean)
        low, high = (np.clip(end + mean - told.mean, 0.0, 1.0) for end in (told.low, told.high))
        return QualityPrediction(mean, low, high)

    def _curved(self, prompts: Prompts) -> QualityPrediction:
        """Each model calibrated by itself."""
        raw = self.raw(prompts)
        parts = [curve.apply(raw[:, column]) for column, curve in enumerate(self.curves_)]
        mean, low, high = (np.column_stack(values) for values in zip(*parts, strict=True))
        return QualityPrediction(mean, low, high)

    def save(self, folder: Path) -> None:
        """Write it as one folder, whole or not at all."""

        def fill(part: Path) -> dict[str, Any]:
            self.learner.save(part / "learner")
            return {
                "level": self.level,
                "models": self.models_,
                "calibration": self.calibration,
                "chosen": self.chosen_,
                "curves": [curve.as_dict() for curve in self.curves_],
                "contrast": {
                    "weight": self.contrast_.weight,
                    "centre": self.contrast_.centre.tolist(),
                    "offset": self.contrast_.offset.tolist(),
                },
            }

        write_stored("quality", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it; raises ModelError when it is absent, damaged or of another kind."""
        told = read_manifest("quality", folder)
        model = cls(load_learner(folder / "learner"), told["level"], told["calibration"])
        model.models_, model.chosen_ = told["models"], told["chosen"]
        model.curves_ = [load_curve(numbers) for numbers in told["curves"]]
        numbers = told["contrast"]
        model.contrast_ = Contrast(
            numbers["weight"], np.array(numbers["centre"]), np.array(numbers["offset"])
        )
        return model
