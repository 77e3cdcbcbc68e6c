"""What one prediction of a length costs, prompt by prompt and model by model."""

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS
from pipeline.predictors._repeats import answers
from pipeline.predictors.length._model import LengthPrediction

__all__ = ["METRICS", "judge_lengths", "pinball_losses"]

Floats = NDArray[np.float64]

METRICS = ("pinball", "coverage", "width", "mae")  # of `judge_lengths`, in its order


def pinball_losses(told: LengthPrediction, tokens: Floats) -> Floats:
    """Pinball loss, mean over `LEVELS` and over the answers of a pair, tokens, (n, M).

    NaN where no answer is known.

    Args:
        told: of n prompts and M models.
        tokens: actual, (n, M) or (n, M, R); NaN where unknown.
    """
    samples, levels = answers(tokens), np.array(LEVELS)
    total = np.zeros(samples.shape)
    for level, quantile in zip(levels, np.moveaxis(told.distribution.values, 2, 0), strict=True):
        apart = samples - quantile[:, :, None]
        total += np.maximum(level * apart, (level - 1) * apart)
    return _over_answers(total / len(levels))


def judge_lengths(told: LengthPrediction, tokens: Floats) -> Floats:
    """Every metric of `METRICS` of n prompts and M models, (n, M, 4), NaN where none is known.

    Pinball loss; share of answers within the bounds; width of the bounds; distance of the median.
    Tokens, but for the share. Arguments as in `pinball_losses`.
    """
    samples = answers(tokens)
    low, median, high = (part[:, :, None] for part in (told.low, told.median, told.high))
    unknown = np.isnan(samples)
    inside = np.where(unknown, np.nan, (low <= samples) & (samples <= high))
    width = np.where(unknown, np.nan, high - low)
    parts = (_over_answers(part) for part in (inside, width, np.abs(samples - median)))
    return np.stack([pinball_losses(told, tokens), *parts], axis=2)


def _over_answers(values: Floats) -> Floats:
    """Mean over known answers, (n, M, R) to (n, M)."""
    known = ~np.isnan(values)
    counts = known.sum(axis=2)
    sums = np.where(known, values, 0.0).sum(axis=2)
    mean: Floats = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return mean
