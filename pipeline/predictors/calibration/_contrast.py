"""Calibration of what routing looks at: how far apart models are on one prompt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._known import column_means

__all__ = ["Contrast"]

Floats = NDArray[np.float64]

# However little a prompt is known to say, the order of the prompts is kept.
_LEAST = 0.05
# Prompts with a label of every model, below which nothing is known of their differences.
_FEW = 10


@dataclass(frozen=True)
class Contrast:
    """Shrinks the differences between models on a prompt as far as they are not borne out.

    Curves make each model's own score honest. The difference of two honest scores is not: the
    noise of both is in it, and a router takes the largest. With d(i, m) the predicted quality of
    model m less the mean over models, and D(m) its mean over prompts,

        quality(i, m) = mean over models + offset(m) + weight * (d(i, m) - D(m)).

    Attributes:
        weight: slope of the actual on the predicted differences, on the calibration prompts, less
            its standard error over clusters: what the data vouch for, from .05 to 1.
        centre: D, (M,).
        offset: differences between the mean labels, (M,), which training and calibration prompts
            tell together.
    """

    weight: float
    centre: Floats
    offset: Floats

    @classmethod
    def fit(
        cls, predicted: Floats, labels: Floats, others: Floats, groups: Sequence[str] | None
    ) -> "Contrast":
        """Fit on calibration prompts.

        With fewer than ten that have a label of every model, differences keep the least weight.

        Args:
            predicted: (n, M) quality, each model calibrated by itself.
            labels: (n, M), NaN where unknown.
            others: (N, M) labels of the training prompts, which know the means better.
            groups: n clusters; every prompt by itself where None.
        """
        means = _means(np.concatenate([labels, others]))
        offset = means - means.mean()
        apart = predicted - predicted.mean(axis=1, keepdims=True)
        centre = apart.mean(axis=0)
        whole = ~np.isnan(labels).any(axis=1)
        if whole.sum() < _FEW:
            return cls(_LEAST, centre, offset)
        told = (apart - centre)[whole]
        actual = labels[whole] - labels[whole].mean(axis=1, keepdims=True)
        actual = actual - actual.mean(axis=0)
        told = told - told.mean(axis=0)
        power = float((told**2).sum())
        if power == 0.0:
            return cls(_LEAST, centre, offset)
        slope = float((told * actual).sum()) / power
        residual = (told * (actual - slope * told)).sum(axis=1)
        names = np.arange(len(labels)) if groups is None else np.array(groups)
        _, cluster = np.unique(names[whole], return_inverse=True)
        error = float(np.sqrt((np.bincount(cluster, residual) ** 2).sum())) / power
        return cls(float(np.clip(slope - error, _LEAST, 1.0)), centre, offset)

    def apply(self, predicted: Floats) -> Floats:
        """Quality of n prompts, (n, M) in 0..1, of which routing may compare the columns."""
        middle = predicted.mean(axis=1, keepdims=True)
        apart = predicted - middle - self.centre
        told: Floats = np.clip(middle + self.offset + self.weight * apart, 0.0, 1.0)
        return told


def _means(labels: Floats) -> Floats:
    """Mean labels over the same prompts for every model, if there are enough of them; (M,)."""
    whole = ~np.isnan(labels).any(axis=1)
    return column_means(labels[whole] if whole.sum() >= _FEW else labels)
