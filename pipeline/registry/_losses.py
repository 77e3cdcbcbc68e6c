"""What a gate compares: one loss per row of the test split, less being better."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors import LengthPrediction, judge_lengths
from pipeline.statistics import regrets

__all__ = ["UNITS", "latency_losses", "length_losses", "quality_losses"]

Floats = NDArray[np.float64]

UNITS: Mapping[str, Mapping[str, str]] = {
    "quality": {"regret": "0 to 1", "brier": "0 to 1", "log_loss": "nats"},
    "length": {
        "pinball": "tokens",
        "absolute_error": "tokens",
        "miss": "share",
        "width": "tokens",
    },
    "latency": {"log_error": "log s", "miss": "share", "width": "log s"},
}
_SURE = 1e-3  # a curve may say 0 or 1, and one surprise would then weigh more than all the rest


def quality_losses(labels: Floats, mean: Floats) -> dict[str, Floats]:
    """Losses of n prompts from labels and predicted quality, both (n, M); NaN where unknown.

    regret: label of the best model less that of the one predicted best. brier: mean squared error
    over models. log_loss: mean cross-entropy over models, of predictions kept within 0.001..0.999.
    """
    sure = np.clip(mean, _SURE, 1 - _SURE)
    return {
        "regret": regrets(labels, mean.argmax(axis=1)),
        "brier": _row_means((mean - labels) ** 2),
        "log_loss": _row_means(-labels * np.log(sure) - (1 - labels) * np.log(1 - sure)),
    }


def length_losses(tokens: Floats, told: LengthPrediction) -> dict[str, Floats]:
    """Losses of n prompts, means over models; `tokens` (n, M), NaN where unknown.

    pinball: mean over LEVELS, tokens. absolute_error: of the median, tokens. miss: share outside
    the bounds. width: of the bounds, tokens.
    """
    pinball, inside, width, apart = np.moveaxis(judge_lengths(told, tokens), 2, 0)
    return {
        "pinball": _row_means(pinball),
        "absolute_error": _row_means(apart),
        "miss": _row_means(1.0 - inside),
        "width": _row_means(width),
    }


def latency_losses(seconds: Floats, mean: Floats, low: Floats, high: Floats) -> dict[str, Floats]:
    """Losses of n requests, means over the targets; all (n, targets) in s, NaN where unknown.

    log_error: absolute error of log seconds. miss: share outside the bounds. width: of the bounds,
    on log seconds.
    """
    unknown = np.isnan(seconds)
    return {
        "log_error": _row_means(np.abs(np.log(seconds) - np.log(mean))),
        "miss": _row_means(_outside(seconds, low, high)),
        "width": _row_means(np.where(unknown, np.nan, np.log(high) - np.log(low))),
    }


def _outside(values: Floats, low: Floats, high: Floats) -> Floats:
    outside = (values < low) | (values > high)
    return np.where(np.isnan(values), np.nan, outside.astype(np.float64))


def _row_means(values: Floats) -> Floats:
    """Mean of each row over what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0.0).sum(axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means
