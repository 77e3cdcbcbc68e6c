"""Quality of each model's answer to a prompt: k-NN, then isotonic calibration per model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._knn import NeighbourIndex, Prompts, weighted_mean

__all__ = ["IsotonicCurve", "QualityModel", "QualityPrediction"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class QualityPrediction:
    """Calibrated quality of n prompts and M models, and bounds on it; each (n, M) in [0, 1]."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class IsotonicCurve:
    """A calibration curve: knots of raw score against calibrated quality and its bounds.

    Bounds are Wilson intervals on each level of the isotonic fit, with the number of calibration
    rows on that level. For scores in [0, 1] that are not 0 or 1 they are conservative, since no
    such score varies more than a Bernoulli one of equal mean.
    """

    raw: Floats
    value: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, raw: Floats, label: Floats, level: float) -> "IsotonicCurve":
        """Fit on calibration pairs, both (n,), n >= 2, labels in [0, 1]."""
        from scipy.stats import norm
        from sklearn.isotonic import IsotonicRegression

        if len(raw) < 2:
            raise DataError(f"{len(raw)} calibration rows are too few to calibrate a model")
        fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raw, label)
        knots = np.asarray(fit.X_thresholds_, dtype=float)
        values = np.asarray(fit.y_thresholds_, dtype=float)
        fitted = fit.predict(raw)
        counts = np.array([max(1, int(np.isclose(fitted, value).sum())) for value in values])
        z = float(norm.ppf((1 + level) / 2))
        centre = (values + z * z / (2 * counts)) / (1 + z * z / counts)
        spread = values * (1 - values) / counts + z * z / (4 * counts * counts)
        half = z * np.sqrt(spread) / (1 + z * z / counts)
        return cls(knots, values, np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))

    def apply(self, raw: Floats) -> tuple[Floats, Floats, Floats]:
        """Return calibrated value, low and high bound of each raw score."""
        value = np.interp(raw, self.raw, self.value)
        low = np.minimum(np.interp(raw, self.raw, self.low), value)
        high = np.maximum(np.interp(raw, self.raw, self.high), value)
        return value, low, high


class QualityModel:
    """Per-model quality of a prompt from the labels of its nearest training prompts.

    Args:
        k: neighbours.
        level: level of the bounds.
    """

    def __init__(self, k: int, level: float) -> None:
        self.k = k
        self.level = level

    def fit(
        self,
        models: list[str],
        embeddings: NDArray[np.float32],
        labels: Floats,
        calibration_embeddings: NDArray[np.float32],
        calibration_labels: Floats,
    ) -> "QualityModel":
        """Learn from N training prompts and calibrate on others.

        Args:
            models: the M model names, in column order.
            embeddings: (N, d) unit rows.
            labels: (N, M) in [0, 1], NaN where unknown.
            calibration_embeddings: (C, d).
            calibration_labels: (C, M), NaN where unknown.

        Raises:
            DataError: a model has no label on one of the two splits.
        """
        for name, part in (("training", labels), ("calibration", calibration_labels)):
            for column, model in enumerate(models):
                if np.isnan(part[:, column]).all():
                    raise DataError(f"model {model!r} has no quality label on the {name} split")
        self.remember(models, embeddings, labels)
        raw = self.raw(calibration_embeddings)
        self.curves_ = []
        for column in range(len(models)):
            known = ~np.isnan(calibration_labels[:, column])
            self.curves_.append(
                IsotonicCurve.fit(raw[known, column], calibration_labels[known, column], self.level)
            )
        return self

    def remember(self, models: list[str], embeddings: NDArray[np.float32], labels: Floats) -> None:
        """Take in the training prompts as `fit` does, without calibration."""
        self.models_ = list(models)
        self.index_ = NeighbourIndex(embeddings)
        self.labels_ = labels
        self._overall = np.nanmean(labels, axis=0)

    def raw(self, prompts: Prompts) -> Floats:
        """Uncalibrated k-NN quality, (n, M); the model's mean where no neighbour has a label."""
        near = self.index_.neighbours(prompts, self.k)
        return weighted_mean(self.labels_[near.rows], near.weights, self._overall)

    def predict(self, prompts: Prompts) -> QualityPrediction:
        """Calibrated quality with bounds for n prompts."""
        raw = self.raw(prompts)
        parts = [curve.apply(raw[:, column]) for column, curve in enumerate(self.curves_)]
        mean, low, high = (np.column_stack(values) for values in zip(*parts, strict=True))
        return QualityPrediction(mean, low, high)
