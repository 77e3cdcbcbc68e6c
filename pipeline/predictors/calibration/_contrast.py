"""Calibration of what routing looks at: how far apart models are on one prompt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._known import column_means

__all__ = ["Contrast"]

Floats = NDArray[np.float64]

# However little a prompt is known to say, the order of the prompts is kept.
_LEAST = 0.05
# Prompts with a label of every model, below which nothing is known of their differences.
_FEW = 10
# Weights that are tried, of the largest that the slope allows.
_STEPS = np.geomspace(1.0, _LEAST, 12)
# Standard errors by which leaving the best single model has to pay: one-sided 95 %.
_SURE = 1.645


@dataclass(frozen=True)
class Contrast:
    """Shrinks the differences between models on a prompt as far as they are not borne out.

    Curves make each model's own score honest. The difference of two honest scores is not: the
    noise of both is in it, and a router takes the largest. With d(i, m) the predicted quality of
    model m less the mean over models, and D(m) its mean over prompts,

        quality(i, m) = mean over models + offset(m) + weight * (d(i, m) - D(m)).

    Attributes:
        weight: at most the slope of the actual on the predicted differences on the calibration
            prompts, less its standard error over clusters; and so much less that asking another
            model than the best single one, where that is predicted better, is sure to pay there
            (as in high-confidence policy improvement, Thomas et al. 2015). From .05 to 1: the
            order of the prompts is kept, and with it who is asked first where cost matters.
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
        least = cls(_LEAST, apart.mean(axis=0), offset)
        whole = ~np.isnan(labels).any(axis=1)
        if whole.sum() < _FEW:
            return least
        names = np.arange(len(labels)) if groups is None else np.array(groups)
        cluster = np.unique(names[whole], return_inverse=True)[1]
        most = _slope(apart[whole], labels[whole], cluster)
        best = int(np.argmax(offset))
        for step in _STEPS:
            tried = replace(least, weight=float(np.clip(step * most, _LEAST, 1.0)))
            chosen = np.argmax(tried.apply(predicted[whole]), axis=1)
            gains = labels[whole][np.arange(len(chosen)), chosen] - labels[whole][:, best]
            error = np.sqrt((np.bincount(cluster, gains - gains.mean()) ** 2).sum())
            if gains.sum() >= _SURE * error:
                return tried
        return least

    def apply(self, predicted: Floats) -> Floats:
        """Quality of n prompts, (n, M) in 0..1, of which routing may compare the columns."""
        middle = predicted.mean(axis=1, keepdims=True)
        apart = predicted - middle - self.centre
        told: Floats = np.clip(middle + self.offset + self.weight * apart, 0.0, 1.0)
        return told


def _slope(apart: Floats, labels: Floats, cluster: NDArray[np.int64]) -> float:
    """Slope of the actual on the predicted differences, less its standard error over clusters."""
    told = apart - apart.mean(axis=0)
    actual = labels - labels.mean(axis=1, keepdims=True)
    actual = actual - actual.mean(axis=0)
    power = float((told**2).sum())
    if power == 0.0:
        return 0.0
    slope = float((told * actual).sum()) / power
    residual = (told * (actual - slope * told)).sum(axis=1)
    return slope - float(np.sqrt((np.bincount(cluster, residual) ** 2).sum())) / power


def _means(labels: Floats) -> Floats:
    """Mean labels over the same prompts for every model, if there are enough of them; (M,)."""
    whole = ~np.isnan(labels).any(axis=1)
    return column_means(labels[whole] if whole.sum() >= _FEW else labels)
