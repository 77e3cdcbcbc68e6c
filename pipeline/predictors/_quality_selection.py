"""Which candidate serves: by what routing needs, on the validation split."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._routing import regrets_of
from pipeline.predictors._train import Labelled
from pipeline.statistics import joint_means
from pipeline.streams import stream

__all__ = ["contrast_losses", "select_quality"]

Floats = NDArray[np.float64]

_RESAMPLES = 1000
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

    Of the candidates whose routing regret is not worse than the least by more than the standard
    error of their paired difference, the one of the least contrast loss: regret decides, and where
    its noise cannot tell, the ranking of all models does.

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
    groups = np.array(validation.group_ids)[whole]
    regret = np.column_stack([regrets_of(predicted[name][whole], labels, cost) for name in names])
    contrast = [contrast_losses(predicted[name][whole], labels).mean() for name in names]
    means = joint_means(regret, groups, resamples=_RESAMPLES, rng=stream(seed, "select quality"))
    least = int(np.argmin(means.points))
    error = (means.draws - means.draws[:, [least]]).std(axis=0)
    close = means.points - means.points[least] <= error
    return min(
        (name for name, near in zip(names, close, strict=True) if near),
        key=lambda name: contrast[names.index(name)],
    )
