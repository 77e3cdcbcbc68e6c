"""Which candidate serves: by what routing needs, on the validation split."""

from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._train import Labelled
from pipeline.predictors.quality._routing import regrets_of
from pipeline.statistics import joint_means
from pipeline.streams import stream

__all__ = ["contrast_losses", "select_quality"]

Floats = NDArray[np.float64]

_RESAMPLES = 1000
_ALPHA = 0.05
_DEFAULT = "blend"
_OFFLINE = ("dataset_mean",)  # they need what a request does not carry


def contrast_losses(predicted: Floats, labels: Floats) -> Floats:
    """Squared error of how far each model is from the prompt's mean over models; (n,).

    What routing needs of a prediction and Brier does not isolate: a prompt that is hard for all
    changes no ranking. The expectation is least for the true differences, so it is a proper score
    of the ranking where regret only looks at who comes first.

    Args:
        predicted, labels: (n, M), all known.
    """
    apart = predicted - predicted.mean(axis=1, keepdims=True)
    actual = labels - labels.mean(axis=1, keepdims=True)
    lost: Floats = ((apart - actual) ** 2).mean(axis=1)
    return lost


def select_quality(
    predicted: Mapping[str, Floats], validation: Labelled, cost: Floats, seed: int
) -> str:
    """The candidate that routing is to use.

    Those whose routing regret is significantly worse than the least are out: of nearly equal
    decisions a single prompt would decide. Of the others the one of the least contrast loss is
    taken; but the blend stays, if it is among them, unless that one is significantly better: the
    least of ten nearly equal ones on a few hundred prompts is a lottery, and the mean of several
    has no bad tickets. Significant is one-sided 95 %, paired, corrected for the number of
    candidates (Bonferroni).

    Args:
        predicted: (n, M) calibrated quality on the validation prompts, by name.
        validation: labels (n, M).
        cost: (M,), for ties.
        seed: of the resamples of clusters.

    Raises:
        DataError: no prompt has a label of every model.
    """
    whole = ~np.isnan(validation.values).any(axis=1)
    if not whole.any():
        raise DataError("no validation prompt has a quality label of every model to select by")
    names = [name for name in predicted if name not in _OFFLINE]
    labels = validation.values[whole]
    lost = [
        loss
        for name in names
        for told in [predicted[name][whole]]
        for loss in (regrets_of(told, labels, cost), contrast_losses(told, labels))
    ]
    means = joint_means(
        np.column_stack(lost),
        np.array(validation.group_ids)[whole],
        resamples=_RESAMPLES,
        rng=stream(seed, "select quality"),
    )
    sure = NormalDist().inv_cdf(1.0 - _ALPHA / len(names))
    regret, contrast = (_Losses(means.points[k::2], means.draws[:, k::2]) for k in (0, 1))
    kept = [place for place in range(len(names)) if not regret.worse(place, regret.least, sure)]
    best = min(kept, key=lambda place: contrast.points[place])
    blend = names.index(_DEFAULT) if _DEFAULT in names else best
    return names[blend if blend in kept and not contrast.worse(blend, best, sure) else best]


class _Losses(NamedTuple):
    """Mean losses of several candidates, (m,), and their joint resamples, (B, m)."""

    points: Floats
    draws: Floats

    @property
    def least(self) -> int:
        return int(np.argmin(self.points))

    def worse(self, one: int, other: int, errors: float) -> bool:
        """Whether one loses more than another by more than so many standard errors."""
        error = float((self.draws[:, one] - self.draws[:, other]).std())
        return bool(self.points[one] - self.points[other] > errors * error)
